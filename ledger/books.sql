-- One row per message in the publishers' books; `asked` says whether it lies in the range.
SELECT
    message_id,
    event_id,
    shopper_id,
    event_type,
    published_at,
    expected,
    acknowledged,
    published_at >= $since AND published_at < $until AS asked
FROM read_parquet($books)
