-- One row per decision that gave an offer, or held the shopper out: what was known of the moment, and whether the
-- shopper ordered within $horizon after it. Without an offer (kind is null) for who was held out.
WITH
-- An order is where its first line is: what caused the decision is no outcome of it, nor are its order's other lines.
orders AS (
    SELECT shopper_id, order_id, min(occurred_at) AS ordered_at
    FROM events
    WHERE event_type = 'order_completed'
    GROUP BY shopper_id, order_id
),
-- What is not over is no outcome yet: by the newest that landed, not by the clock of whoever asks.
observed AS (
    SELECT max(appended_at) AS until FROM events
),
asked AS (
    SELECT decisions.*, cause.price_minor, coalesce(coupons.points, 0) AS points
    FROM decisions
    CROSS JOIN observed
    LEFT JOIN events AS cause ON cause.event_id = decisions.cause_event_id
    LEFT JOIN coupons ON coupons.coupon_id = decisions.decision_id
    WHERE decisions.features IS NOT NULL
        AND decisions.outcome IN ('issued', 'held_out')
        AND decisions.decided_at >= $since
        AND greatest(decisions.occurred_at, decisions.decided_at) + $horizon <= until
)
SELECT
    decision_id,
    campaign_id,
    epoch_ms(decided_at) AS decided_ms,
    rule,
    membership_tier,
    features,
    price_minor,
    coalesce(basket_minor, 0) AS basket_minor,
    CASE outcome WHEN 'issued' THEN kind END AS kind,
    CASE outcome WHEN 'issued' THEN cost_minor ELSE 0 END AS cost_minor,
    CASE outcome WHEN 'issued' THEN points ELSE 0 END AS points,
    model,
    model_version,
    propensity,
    -- By event time, as the orders: a device's clock may lag the job's by more than a horizon.
    EXISTS (
        SELECT 1
        FROM orders
        WHERE orders.shopper_id = asked.shopper_id
            AND ordered_at > asked.occurred_at
            AND ordered_at <= asked.occurred_at + $horizon
    ) AS ordered
FROM asked
ORDER BY decided_at, decision_id
