-- One row per order, at its first line; nth is its number among the shopper's, and [audience] nth chooses one.
SELECT 'nth_purchase' AS rule, shopper_id, campaign_id, event_id AS cause_event_id, product_id, category,
       price_minor, currency, store_id, membership_tier, favourite_category, basket_minor,
       nth_order AS nth, occurred_ms, published_ms, due_ms, read_ms,
       FEATURES(shopper, category) AS features
FROM activity
WHERE event_type = 'order_completed' AND nth_order IS NOT NULL
