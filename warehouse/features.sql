-- One row per event: what the coupons job knew of its shopper once it had arrived (docs/personalisation.md).
-- A macro, for settings of [coupons] are its parameters: currency, remember_buyers, remember_visitors.
CREATE MACRO features(shop_currency, buyers_for, visitors_for, of_shopper := NULL) AS TABLE
WITH
-- One row per event with its place among its shopper's, and how long the shopper had been quiet.
arrived AS (
    SELECT *, row_number() OVER arrivals AS place,
        coalesce(appended_at - lag(appended_at) OVER arrivals, INTERVAL 0 SECOND) AS quiet_for
    FROM events
    WHERE of_shopper IS NULL OR shopper_id = of_shopper
    WINDOW arrivals AS (
        PARTITION BY shopper_id
        -- A broker's time first: a shopper's older events may be in another partition.
        ORDER BY appended_at, split_part(message_id, ':', 1)::BIGINT, split_part(message_id, ':', 2)::BIGINT,
            split_part(message_id, ':', 4)::BIGINT
    )
),
-- Whoever was quiet for too long begins anew: a buyer, and sooner one who has not bought since the last such quiet.
buyers AS (
    SELECT *, sum((quiet_for >= buyers_for)::INTEGER) OVER (PARTITION BY shopper_id ORDER BY place) AS era
    FROM arrived
),
visitors AS (
    SELECT *, quiet_for >= buyers_for
        OR quiet_for >= visitors_for AND NOT coalesce(
            bool_or(event_type = 'order_completed')
                OVER (PARTITION BY shopper_id, era ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
            false
        ) AS anew
    FROM buyers
),
lived AS (
    SELECT *, sum(anew::INTEGER) OVER (PARTITION BY shopper_id ORDER BY place) AS life,
        event_type = 'order_completed' AS bought, coalesce(currency = shop_currency, false) AS ours,
        coalesce(quantity, 1) AS pieces
    FROM visitors
),
-- One row per line of an order: how many orders by then. One of the eight counted last is not counted again.
ordered AS (
    SELECT shopper_id, life, place,
        len(list_reduce(
            list(order_id) OVER (PARTITION BY shopper_id, life ORDER BY place),
            lambda counted, id:
                CASE WHEN list_contains(counted[-8:], id) THEN counted ELSE list_append(counted, id) END,
            []::VARCHAR[]
        )) AS orders
    FROM lived
    WHERE bought
),
-- One row per event that names a category: the newest sixteen named by then, oldest first.
named AS (
    SELECT shopper_id, life, place,
        list(category) OVER (PARTITION BY shopper_id, life ORDER BY place ROWS 15 PRECEDING) AS newest
    FROM lived
    WHERE category IS NOT NULL
)
SELECT
    lived.shopper_id,
    event_id,
    appended_at,
    category,
    count(*) OVER so_far AS events,
    (epoch_ms(max(occurred_at) OVER so_far) - epoch_ms(max(occurred_at) FILTER (bought) OVER so_far))
        AS since_order_ms,
    coalesce(max(orders) OVER so_far, 0) AS orders,
    count(*) FILTER (bought) OVER so_far AS lines,
    count(*) FILTER (bought AND coupon_id IS NOT NULL) OVER so_far AS coupon_lines,
    coalesce(sum(pieces) FILTER (bought AND ours) OVER so_far, 0)::BIGINT AS pieces,
    -- The bound keeps a bot's sum below what JSON holds exactly.
    least(coalesce(sum(price_minor * pieces) FILTER (bought AND ours) OVER so_far, 0), 1_000_000_000_000_000)::BIGINT
        AS spent_minor,
    count(*) FILTER (event_type = 'product_viewed' AND ours) OVER so_far AS looks,
    least(
        coalesce(sum(price_minor) FILTER (event_type = 'product_viewed' AND ours) OVER so_far, 0),
        1_000_000_000_000_000
    )::BIGINT AS looked_minor,
    count(*) FILTER (event_type = 'product_added') OVER so_far AS adds,
    coalesce(newest, []) AS newest_categories
FROM lived
LEFT JOIN ordered
    ON ordered.shopper_id = lived.shopper_id AND ordered.life = lived.life AND ordered.place = lived.place
ASOF LEFT JOIN named
    ON named.shopper_id = lived.shopper_id AND named.life = lived.life AND named.place <= lived.place
WINDOW so_far AS (PARTITION BY lived.shopper_id, lived.life ORDER BY lived.place)
;

-- The same as a decision has it: one JSON object, of a row of features() and the category that the offer is about.
CREATE MACRO features_text(known, about) AS json_object(
    'events', known.events,
    'since_order_ms', known.since_order_ms,
    'orders', known.orders,
    'lines', known.lines,
    'coupon_lines', known.coupon_lines,
    'pieces', known.pieces,
    'spent_minor', known.spent_minor,
    'looks', known.looks,
    'looked_minor', known.looked_minor,
    'adds', known.adds,
    'newest_categories', len(known.newest_categories),
    'of_category',
    CASE WHEN about IS NOT NULL THEN len(list_filter(known.newest_categories, lambda one: one = about)) END
)
