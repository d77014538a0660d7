-- One row per event that landed more than once, with the files and messages; there is one, or no file has its columns.
SELECT
    'doubled' AS kind,
    event_id AS id,
    count(*) AS landings,
    'landed ' || count(*) || ' times: '
        || string_agg('message ' || message_id || ' in ' || filename, ', ' ORDER BY filename, message_id) AS what
FROM read_parquet(live_files(current_setting('file_search_path'), 'events'), union_by_name = true, filename = true)
SEMI JOIN doubled USING (event_id)
GROUP BY event_id
