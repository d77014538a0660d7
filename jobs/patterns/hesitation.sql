-- One row per shopper and product when views without an add reach :hesitation_views within :hesitation_within_ms.
SELECT 'hesitation' AS rule, shopper_id, campaign_id, event_id AS cause_event_id, product_id, category,
       price_minor, currency, store_id, membership_tier, favourite_category, basket_minor,
       CAST(NULL AS BIGINT) AS nth, occurred_ms, published_ms, due_ms, read_ms,
       FEATURES(shopper, category) AS features
FROM activity
WHERE event_type = 'product_viewed'
  AND STREAK(shopper, 'product_viewed', 'product_added', product_id, CAST(NULL AS BIGINT), :hesitation_within_ms)
      = :hesitation_views
