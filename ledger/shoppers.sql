-- One row per landed event, each shopper's together and in the order of arrival: a shopper is in one partition.
SELECT
    shopper_id,
    event_id,
    event_type,
    epoch_ms(occurred_at) AS occurred_ms,
    epoch_ms(appended_at) AS appended_ms,
    product_id,
    price_minor,
    quantity,
    campaign_id
FROM events
ORDER BY
    shopper_id,
    split_part(message_id, ':', 1)::BIGINT,
    split_part(message_id, ':', 2)::BIGINT,
    split_part(message_id, ':', 4)::BIGINT
