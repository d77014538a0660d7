-- One row per row landed in a folder: the contract's columns first, whether or not a file has them.
-- live_files is Python's (files.py), asked anew by every query; file_search_path holds the warehouse's folder.
-- DuckDB calls the only column of "no files at all" empty.
CREATE MACRO landed(folder) AS TABLE
SELECT COLUMNS(lambda name: name <> 'empty')
FROM (
    FROM query_table('contract.' || folder)
    UNION ALL BY NAME
    FROM read_parquet(
        live_files(current_setting('file_search_path'), folder),
        union_by_name = true,
        hive_partitioning = true,
        hive_types = {event_date: DATE, event_hour: INTEGER},
        allow_empty = true
    )
)
