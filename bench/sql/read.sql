-- One row per message, with what landing takes of an event.
INSERT INTO nothing
SELECT event_id, event_type, user_id, anonymous_id, session_id, product_id, category, order_id, quantity,
       price_minor, currency, campaign_id, store_id, membership_tier, coupon_id, occurred_at, sent_at,
       source, properties, shopper_id, topic, message_id, schema_version, published_at, appended_at, read_at
FROM clicks
