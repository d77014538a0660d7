-- One row per shopper's first event, other than an order, :lapsed_after_ms after the last order.
SELECT 'lapsed_buyer' AS rule, shopper_id, campaign_id, event_id AS cause_event_id, product_id, category,
       price_minor, currency, store_id, membership_tier, favourite_category, basket_minor,
       CAST(NULL AS BIGINT) AS nth, occurred_ms, published_ms, due_ms, read_ms,
       FEATURES(shopper, category) AS features
FROM activity
WHERE event_type <> 'order_completed'
  AND order_age_before_ms < :lapsed_after_ms AND order_age_ms >= :lapsed_after_ms
