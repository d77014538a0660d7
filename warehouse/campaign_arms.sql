-- One row per campaign, currency, tier and arm: its shoppers, and what they bought in the seven days after they joined.
-- By intention to treat: whoever was issued or held out first stays in that arm, whether or not a coupon was used.
-- Seven days hold each weekday once, so a campaign that began on a Friday compares with one that began on a Monday; a
-- view has no parameter, and much later orders are no coupon's doing but widen every interval.
WITH
-- One row per campaign and shopper: tier and currency are those of the moment, which no coupon can have changed.
-- Event time begins it: orders have the same clock, and a device's may lag the job's by more than a coupon takes.
assigned AS (
    SELECT campaign_id, shopper_id, currency, membership_tier, occurred_at AS since,
        occurred_at + INTERVAL '7 days' AS until,
        CASE outcome WHEN 'issued' THEN 'treated' ELSE 'held_out' END AS arm
    FROM decisions
    WHERE outcome IN ('issued', 'held_out')
    QUALIFY row_number() OVER (PARTITION BY campaign_id, shopper_id ORDER BY decided_at, decision_id) = 1
),
-- One row per product line. An order is where its first line is: the line that caused a coupon is in no arm's favour,
-- nor are the other lines of its order.
lines AS (
    SELECT shopper_id, order_id, currency, price_minor * quantity AS line_minor,
        min(occurred_at) OVER (PARTITION BY shopper_id, order_id) AS ordered_at
    FROM events
    WHERE event_type = 'order_completed'
),
bought AS (
    SELECT assigned.campaign_id, assigned.shopper_id, count(DISTINCT order_id) AS orders,
        sum(line_minor)::BIGINT AS revenue_minor
    FROM assigned
    JOIN lines
        ON lines.shopper_id = assigned.shopper_id
        AND lines.currency = assigned.currency
        AND ordered_at > since
        AND ordered_at <= until
    GROUP BY assigned.campaign_id, assigned.shopper_id
),
issued AS (
    SELECT assigned.campaign_id, assigned.shopper_id, count(*) AS coupons, sum(cost_minor)::BIGINT AS cost_minor
    FROM assigned
    JOIN decisions
        ON decisions.campaign_id = assigned.campaign_id
        AND decisions.shopper_id = assigned.shopper_id
        AND decisions.currency = assigned.currency
        AND decisions.occurred_at <= until
    WHERE outcome = 'issued'
    GROUP BY assigned.campaign_id, assigned.shopper_id
)
SELECT
    assigned.campaign_id,
    currency,
    membership_tier,
    arm,
    count(*) AS shoppers,
    coalesce(sum(coupons), 0)::BIGINT AS coupons,
    count(*) FILTER (orders > 0) AS buyers,
    coalesce(sum(orders), 0)::BIGINT AS orders,
    coalesce(sum(revenue_minor), 0)::BIGINT AS revenue_minor,
    -- Exact, and too large for a BIGINT.
    coalesce(sum(revenue_minor::HUGEINT * revenue_minor), 0)::HUGEINT AS revenue_squares,
    coalesce(sum(cost_minor), 0)::BIGINT AS cost_minor
FROM assigned
LEFT JOIN bought ON bought.campaign_id = assigned.campaign_id AND bought.shopper_id = assigned.shopper_id
LEFT JOIN issued ON issued.campaign_id = assigned.campaign_id AND issued.shopper_id = assigned.shopper_id
GROUP BY assigned.campaign_id, currency, membership_tier, arm
