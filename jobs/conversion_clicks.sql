-- One row per first delivery of an event, late ones too: what windows, visits and late events are made of.
SELECT verdict, event_id, event_type, shopper_id, session_id, order_id, campaign_id, category, product_id, quantity,
       price_minor, currency, occurred_at, reason, field, payload, watermark_at, late_by_ms, topic, message_id,
       schema_version, published_at, read_at
FROM messages
WHERE verdict IN ('ok', 'late')
