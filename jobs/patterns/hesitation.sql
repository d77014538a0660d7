-- One row per shopper and product when views without an add reach :hesitation_views within :hesitation_within_ms.
SELECT 'hesitation' AS rule, shopper_id, campaign_id, event_id AS cause_event_id, product_id, category,
       price_minor, currency, membership_tier, favourite_category, basket_minor,
       occurred_ms, published_ms, published_ms AS due_ms, read_ms
FROM (
    SELECT *, STREAK(event_type = 'product_viewed', event_type = 'product_added', occurred_ms, :hesitation_within_ms)
                  OVER (PARTITION BY shopper_id, product_id ORDER BY arrived) AS streak
    FROM activity
    WHERE event_type IN ('product_viewed', 'product_added')
)
WHERE event_type = 'product_viewed' AND streak = :hesitation_views
