-- One row per coupon: whether an event used it, how soon, and what the orders that name it are worth.
WITH
uses AS (
    SELECT coupon_id, order_id, occurred_at
    FROM events
    WHERE coupon_id IS NOT NULL AND event_type IN ('coupon_applied', 'order_completed')
),
first_uses AS (
    SELECT coupon_id, min(occurred_at) AS used_at
    FROM uses
    GROUP BY coupon_id
),
-- One row per product line of an order that names a coupon, on this line or any other.
lines AS (
    SELECT named.coupon_id, events.order_id, events.currency, events.price_minor * events.quantity AS line_minor
    FROM (SELECT DISTINCT coupon_id, order_id FROM uses) AS named
    JOIN events ON events.order_id = named.order_id AND events.event_type = 'order_completed'
),
bought AS (
    SELECT coupons.coupon_id, count(DISTINCT order_id) AS orders,
        sum(line_minor) FILTER (lines.currency = coupons.currency)::BIGINT AS order_minor
    FROM coupons
    JOIN lines ON lines.coupon_id = coupons.coupon_id
    GROUP BY coupons.coupon_id
)
SELECT
    coupons.*,
    CASE
        WHEN orders > 0 THEN 'ordered'
        WHEN used_at IS NOT NULL THEN 'applied'
        WHEN expires_at < now() THEN 'expired'
        ELSE 'open'
    END AS outcome,
    used_at IS NOT NULL AS used,
    used_at,
    date_diff('millisecond', sent_at, used_at) / 1000 AS seconds_to_use,
    coalesce(orders, 0) AS orders,
    order_minor
FROM coupons
LEFT JOIN first_uses ON first_uses.coupon_id = coupons.coupon_id
LEFT JOIN bought ON bought.coupon_id = coupons.coupon_id
