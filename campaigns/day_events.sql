-- One row per landed event of a day and what led to it, each shopper's together and in the order of arrival.
SELECT
    shopper_id,
    event_id,
    event_type,
    epoch_ms(occurred_at) AS occurred_ms,
    epoch_ms(appended_at) AS appended_ms,
    product_id,
    price_minor,
    quantity,
    campaign_id,
    currency,
    order_id,
    store_id,
    epoch_ms(published_at) AS published_ms,
    category,
    membership_tier
FROM events
-- A cause older than the deadline earns nothing: the folders beside the day's hold all that counts.
WHERE event_date BETWEEN $day::DATE - 1 AND $day::DATE + 1
    AND appended_at >= $since
    AND appended_at < $until
ORDER BY
    shopper_id,
    split_part(message_id, ':', 1)::BIGINT,
    split_part(message_id, ':', 2)::BIGINT,
    split_part(message_id, ':', 4)::BIGINT
