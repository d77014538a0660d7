-- One row per shopper of a day who bought before: how many orders, which the newest, when the last, and seen when.
SELECT
    shopper_id,
    count(DISTINCT order_id) FILTER (event_type = 'order_completed') AS orders,
    list_reverse(max_by(order_id, appended_at, 8) FILTER (event_type = 'order_completed')) AS newest,
    epoch_ms(max(occurred_at) FILTER (event_type = 'order_completed')) AS ordered_ms,
    epoch_ms(max(occurred_at) FILTER (event_type NOT IN ('order_updated', 'order_refunded', 'order_cancelled')))
        AS seen_ms
FROM events
-- Who was quiet for longer than buyers are remembered is taken for remembered all the same.
WHERE appended_at < $since
    AND shopper_id IN (
        SELECT shopper_id
        FROM events
        WHERE event_date BETWEEN $day::DATE - 1 AND $day::DATE + 1
            AND appended_at >= $since
            AND appended_at < $until
    )
GROUP BY shopper_id
HAVING count(*) FILTER (event_type = 'order_completed') > 0
