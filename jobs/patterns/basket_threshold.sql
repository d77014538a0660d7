-- One row per basket when it is worth :basket_threshold_minor for the first time.
SELECT 'basket_threshold' AS rule, shopper_id, campaign_id, event_id AS cause_event_id, product_id, category,
       price_minor, currency, store_id, membership_tier, favourite_category, basket_minor,
       CAST(NULL AS BIGINT) AS nth, occurred_ms, published_ms, due_ms, read_ms,
       FEATURES(shopper, category) AS features
FROM activity
WHERE event_type = 'product_added'
  AND basket_peak_minor < :basket_threshold_minor AND basket_minor >= :basket_threshold_minor
