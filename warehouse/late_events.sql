-- One row per event that came after watermark and allowed lateness: in events, but in no conversion figure.
FROM landed('late_events')
