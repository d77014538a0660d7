-- One row per shopper who added something and then did nothing for [coupons] abandoned_after, counted from arrival.
SELECT 'abandoned_cart' AS rule, shopper_id, campaign_id, event_id AS cause_event_id, product_id, category,
       price_minor, currency, store_id, membership_tier, favourite_category, basket_minor,
       CAST(NULL AS BIGINT) AS nth, occurred_ms, published_ms, due_ms, read_ms,
       FEATURES(shopper, category) AS features
FROM activity
WHERE event_type = 'cart_quiet'
