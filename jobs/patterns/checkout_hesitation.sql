-- One row per shopper who added something, began to check out and went back to the cart, all within
-- :checkout_hesitation_within_ms and without an order.
SELECT 'checkout_hesitation' AS rule, shopper_id, campaign_id, event_id AS cause_event_id, product_id, category,
       price_minor, currency, store_id, membership_tier, favourite_category, basket_minor,
       CAST(NULL AS BIGINT) AS nth, occurred_ms, published_ms, due_ms, read_ms,
       FEATURES(shopper, category) AS features
FROM activity
WHERE event_type = 'cart_viewed'
  AND COMPLETES(shopper, 'product_added,checkout_started,cart_viewed', 'order_completed', CAST(NULL AS STRING),
                :checkout_hesitation_within_ms)
