-- One row per look at a product that costs :price_drop_percent less, or more, than at the shopper's look before, in one
-- currency and within :price_drop_within_ms.
SELECT 'price_drop' AS rule, shopper_id, campaign_id, event_id AS cause_event_id, product_id, category,
       price_minor, currency, store_id, membership_tier, favourite_category, basket_minor,
       CAST(NULL AS BIGINT) AS nth, occurred_ms, published_ms, due_ms, read_ms,
       FEATURES(shopper, category) AS features
FROM activity
WHERE event_type = 'product_viewed'
  AND occurred_ms - seen_ms <= :price_drop_within_ms
  AND price_minor * 100 <= seen_price_minor * (100 - :price_drop_percent)
