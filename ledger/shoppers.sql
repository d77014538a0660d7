-- One row per landed event, each shopper's together and in the order of arrival: a shopper of one tier is in one
-- partition. Where `apart`, what a shopper did as a VIP is another job's, and stands together too.
SELECT
    shopper_id,
    $apart AND membership_tier = 'vip' AS vip,
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
    vip,
    split_part(message_id, ':', 1)::BIGINT,
    split_part(message_id, ':', 2)::BIGINT,
    split_part(message_id, ':', 4)::BIGINT
