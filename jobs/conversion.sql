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

-- One row per window, dimension and value; again, corrected, after each late event the gate lets through.
-- GROUP BY windows, not window table functions: those drop what comes after the watermark (docs/decisions.md).
CREATE TEMPORARY VIEW counted AS
SELECT 'tumble_10s' AS window_kind,
       TUMBLE_START(occurred_at, INTERVAL '10' SECOND) AS window_start,
       TUMBLE_END(occurred_at, INTERVAL '10' SECOND) AS window_end,
       dimension, `value`,
       COUNT(DISTINCT shopper_id) FILTER (WHERE event_type = 'product_viewed') AS viewers,
       COUNT(DISTINCT shopper_id) FILTER (WHERE event_type = 'product_added') AS adders,
       COUNT(DISTINCT shopper_id) FILTER (WHERE event_type = 'checkout_started') AS checkouts,
       COUNT(DISTINCT shopper_id) FILTER (WHERE event_type = 'order_completed') AS buyers,
       COUNT(DISTINCT order_id) FILTER (WHERE event_type = 'order_completed') AS orders,
       SUM(revenue_minor) AS revenue_minor
FROM dimensioned
GROUP BY dimension, `value`, TUMBLE(occurred_at, INTERVAL '10' SECOND)
UNION ALL
SELECT 'tumble_1m',
       TUMBLE_START(occurred_at, INTERVAL '1' MINUTE),
       TUMBLE_END(occurred_at, INTERVAL '1' MINUTE),
       dimension, `value`,
       COUNT(DISTINCT shopper_id) FILTER (WHERE event_type = 'product_viewed'),
       COUNT(DISTINCT shopper_id) FILTER (WHERE event_type = 'product_added'),
       COUNT(DISTINCT shopper_id) FILTER (WHERE event_type = 'checkout_started'),
       COUNT(DISTINCT shopper_id) FILTER (WHERE event_type = 'order_completed'),
       COUNT(DISTINCT order_id) FILTER (WHERE event_type = 'order_completed'),
       SUM(revenue_minor)
FROM dimensioned
GROUP BY dimension, `value`, TUMBLE(occurred_at, INTERVAL '1' MINUTE)
UNION ALL
SELECT 'hop_5m',
       HOP_START(occurred_at, INTERVAL '1' MINUTE, INTERVAL '5' MINUTE),
       HOP_END(occurred_at, INTERVAL '1' MINUTE, INTERVAL '5' MINUTE),
       dimension, `value`,
       COUNT(DISTINCT shopper_id) FILTER (WHERE event_type = 'product_viewed'),
       COUNT(DISTINCT shopper_id) FILTER (WHERE event_type = 'product_added'),
       COUNT(DISTINCT shopper_id) FILTER (WHERE event_type = 'checkout_started'),
       COUNT(DISTINCT shopper_id) FILTER (WHERE event_type = 'order_completed'),
       COUNT(DISTINCT order_id) FILTER (WHERE event_type = 'order_completed'),
       SUM(revenue_minor)
FROM dimensioned
GROUP BY dimension, `value`, HOP(occurred_at, INTERVAL '1' MINUTE, INTERVAL '5' MINUTE);

-- The same with each step's rate and the moment of the figure.
CREATE TEMPORARY VIEW rated AS
SELECT window_kind,
       CAST(window_start AS TIMESTAMP_LTZ(3)) AS window_start,
       CAST(window_end AS TIMESTAMP_LTZ(3)) AS window_end,
       dimension, `value`, viewers, adders, checkouts, buyers, orders, revenue_minor,
       CAST(adders AS DOUBLE) / NULLIF(viewers, 0) AS add_rate,
       CAST(checkouts AS DOUBLE) / NULLIF(adders, 0) AS checkout_rate,
       CAST(buyers AS DOUBLE) / NULLIF(checkouts, 0) AS buy_rate,
       CAST(buyers AS DOUBLE) / NULLIF(viewers, 0) AS conversion_rate,
       CAST(CURRENT_TIMESTAMP AS TIMESTAMP_LTZ(3)) AS computed_at
FROM counted;

INSERT INTO conversion SELECT * FROM rated;

INSERT INTO conversion_topic SELECT * FROM rated;

INSERT INTO session_results SELECT * FROM visits;

INSERT INTO session_topic SELECT * FROM visits;

-- One row per event that came after watermark and allowed lateness: landed, but in no figure above.
CREATE TEMPORARY VIEW late AS
SELECT event_id, event_type, shopper_id, topic, message_id, schema_version, reason, field, payload,
       occurred_at, watermark_at, late_by_ms, published_at, read_at AS first_seen_at
FROM clicks
WHERE verdict = 'late';

INSERT INTO late_events SELECT * FROM late;

INSERT INTO late_event_topic SELECT * FROM late;
