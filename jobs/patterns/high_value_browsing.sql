-- One row per shopper when views of dear products, none added, reach :high_value_views within :high_value_within_ms.
SELECT 'high_value_browsing' AS rule, shopper_id, campaign_id, event_id AS cause_event_id, product_id, category,
       price_minor, currency, store_id, membership_tier, favourite_category, basket_minor,
       CAST(NULL AS BIGINT) AS nth, occurred_ms, published_ms, due_ms, read_ms,
       FEATURES(shopper, category) AS features
FROM activity
WHERE event_type = 'product_viewed' AND price_minor >= :high_value_price_minor
  AND STREAK(shopper, 'product_viewed', 'product_added,order_completed', CAST(NULL AS STRING),
             :high_value_price_minor, :high_value_within_ms) = :high_value_views
