-- One row: seconds from an event's publication until the file that holds it became visible.
SELECT
    count(*) AS events,
    quantile_cont(seconds, 0.5) AS p50_s,
    quantile_cont(seconds, 0.99) AS p99_s,
    max(seconds) AS max_s
FROM (
    SELECT visible_s - epoch(published_at) AS seconds
    FROM read_parquet($files) AS landed
    JOIN (SELECT unnest($files) AS filename, unnest($visible_s) AS visible_s) AS files
        ON files.filename = landed.filename
    WHERE published_at >= $since
)
