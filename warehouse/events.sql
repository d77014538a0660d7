-- One row per event: the first delivery of its id, late ones included.
FROM landed('events')
