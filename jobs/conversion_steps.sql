-- One row per event that moves a shopper along the funnel.
CREATE TEMPORARY VIEW steps AS
SELECT occurred_at, event_type, shopper_id, session_id, order_id, campaign_id, category, product_id,
       CASE WHEN event_type = 'order_completed' AND currency = :currency THEN price_minor * quantity ELSE CAST(0 AS BIGINT) END
           AS revenue_minor
FROM clicks
WHERE verdict = 'ok' AND event_type IN ('product_viewed', 'product_added', 'checkout_started', 'order_completed');

-- One row per step and dimension it counts in.
CREATE TEMPORARY VIEW dimensioned AS
SELECT 'all' AS dimension, 'all' AS `value`, occurred_at, event_type, shopper_id, order_id, revenue_minor FROM steps
UNION ALL
SELECT 'campaign', campaign_id, occurred_at, event_type, shopper_id, order_id, revenue_minor FROM steps
WHERE campaign_id IS NOT NULL
UNION ALL
SELECT 'category', category, occurred_at, event_type, shopper_id, order_id, revenue_minor FROM steps
WHERE category IS NOT NULL
UNION ALL
SELECT 'product', product_id, occurred_at, event_type, shopper_id, order_id, revenue_minor FROM steps
WHERE product_id IS NOT NULL;
