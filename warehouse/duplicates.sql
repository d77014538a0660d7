-- One row per later delivery of an event id, dropped.
FROM landed('duplicates')
