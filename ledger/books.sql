-- One row per message in the publishers' books; `asked` says whether it lies in the range.
-- Of a deferred event that was moved the message is the one on events/clicks; `waits` says that it was not moved.
SELECT
    coalesce(moved.message_id, book.message_id) AS message_id,
    event_id,
    shopper_id,
    event_type,
    published_at,
    expected,
    acknowledged,
    published_at >= $since AND published_at < $until AS asked,
    coalesce(book.deferred, false) AS deferred,
    coalesce(book.deferred, false) AND moved.deferred_message_id IS NULL AS waits,
    coalesce(moved.moved_at, published_at) AS on_clicks_at
FROM (
    -- Books of before there were deferred events have no such column.
    FROM read_parquet($books, union_by_name = true)
    UNION ALL BY NAME
    SELECT NULL::BOOLEAN AS deferred WHERE false
) AS book
LEFT JOIN moved ON book.deferred AND moved.deferred_message_id = book.message_id
