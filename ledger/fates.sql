-- One row per published message of the range: what became of it.
-- A message behind the landing job's position (ledger, entry) in the partition whose `ledger_of` it lies in is pending,
-- and so is a young one, or a deferred one that was not moved.
SELECT
    book.message_id,
    book.event_id,
    book.shopper_id,
    book.event_type,
    book.published_at,
    book.expected,
    book.deferred,
    book.waits,
    seen.landings,
    seen.reason,
    seen.field,
    (coalesce(seen.landings, 0) > 0)::INTEGER + (coalesce(seen.dead_letters, 0) > 0)::INTEGER
        + (coalesce(seen.repeats, 0) > 0)::INTEGER AS tables,
    CASE
        WHEN seen.landings > 0 THEN 'landed'
        WHEN seen.dead_letters > 0 THEN 'dead_letter'
        WHEN seen.repeats > 0 THEN 'duplicate'
        WHEN $settled THEN 'lost'
        WHEN book.waits THEN 'pending'
        WHEN book.on_clicks_at > $young THEN 'pending'
        WHEN (split_part(book.message_id, ':', 1)::BIGINT, split_part(book.message_id, ':', 2)::BIGINT)
            > (position.ledger, position.entry) THEN 'pending'
        ELSE 'lost'
    END AS fate,
    CASE
        WHEN coalesce(seen.landings, 0) = 0 THEN NULL
        WHEN late.event_id IS NOT NULL THEN 'late'
        WHEN seen.event_type NOT IN ('product_viewed', 'product_added', 'checkout_started', 'order_completed')
            THEN 'no_step'
        WHEN windows.agree THEN 'counted'
        ELSE 'uncounted'
    END AS conversion
FROM books AS book
LEFT JOIN seen USING (message_id)
LEFT JOIN (SELECT DISTINCT event_id FROM late_events) AS late ON late.event_id = seen.event_id
LEFT JOIN windows ON windows.window_start = time_bucket(INTERVAL '10 seconds', seen.occurred_at)
LEFT JOIN (
    SELECT unnest($ledgers_of) AS ledger_of, unnest($ledgers) AS ledger, unnest($entries) AS entry
) AS position ON position.ledger_of = split_part(book.message_id, ':', 1)::BIGINT
WHERE book.acknowledged AND book.asked
