-- One row per conversion figure that differs between the landed events and the stream's answer; none when they agree.
WITH
-- One row per event that moves a shopper along the funnel, late ones only where they are to be counted.
steps AS (
    SELECT event_id IN (SELECT event_id FROM late_events) AS late, event_type, shopper_id, order_id, campaign_id, category, product_id, occurred_at,
        CASE WHEN event_type = 'order_completed' AND currency = $currency THEN price_minor * quantity ELSE 0 END
            AS revenue_minor
    FROM events
    WHERE event_type IN ('product_viewed', 'product_added', 'checkout_started', 'order_completed')
        AND (NOT late OR $count_late)
),
-- One row per step and dimension it counts in.
dimensioned AS (
    SELECT 'all' AS dimension, 'all' AS value, * FROM steps
    UNION ALL
    SELECT 'campaign', campaign_id, * FROM steps WHERE campaign_id IS NOT NULL
    UNION ALL
    SELECT 'category', category, * FROM steps WHERE category IS NOT NULL
    UNION ALL
    SELECT 'product', product_id, * FROM steps WHERE product_id IS NOT NULL
),
-- One row per step, dimension and window it counts in.
windowed AS (
    SELECT 'tumble_10s' AS window_kind, time_bucket(INTERVAL '10 seconds', occurred_at) AS window_start,
        window_start + INTERVAL '10 seconds' AS window_end, *
    FROM dimensioned
    UNION ALL
    SELECT 'tumble_1m', time_bucket(INTERVAL '1 minute', occurred_at) AS window_start,
        window_start + INTERVAL '1 minute', *
    FROM dimensioned
    UNION ALL
    SELECT 'hop_5m', time_bucket(INTERVAL '1 minute', occurred_at) - to_minutes(minutes_before) AS window_start,
        window_start + INTERVAL '5 minutes', dimensioned.*
    FROM dimensioned
    CROSS JOIN range(5) AS hops (minutes_before)
),
counted AS (
    SELECT window_kind, window_start, window_end, dimension, value,
        count(DISTINCT shopper_id) FILTER (event_type = 'product_viewed') AS viewers,
        count(DISTINCT shopper_id) FILTER (event_type = 'product_added') AS adders,
        count(DISTINCT shopper_id) FILTER (event_type = 'checkout_started') AS checkouts,
        count(DISTINCT shopper_id) FILTER (event_type = 'order_completed') AS buyers,
        count(DISTINCT order_id) FILTER (event_type = 'order_completed') AS orders,
        sum(revenue_minor)::BIGINT AS revenue_minor,
        bool_or(late) AS has_late,
        adders / nullif(viewers, 0) AS add_rate,
        checkouts / nullif(adders, 0) AS checkout_rate,
        buyers / nullif(checkouts, 0) AS buy_rate,
        buyers / nullif(viewers, 0) AS conversion_rate
    FROM windowed
    GROUP BY window_kind, window_start, window_end, dimension, value
),
-- One row per figure of either side. As text, which keeps whole numbers and doubles exact in one column.
figures AS (
    SELECT window_kind, window_start, window_end, dimension, value, has_late, unnest([
        {figure: 'viewers', from_events: counted.viewers::VARCHAR, from_stream: conversion.viewers::VARCHAR},
        {figure: 'adders', from_events: counted.adders::VARCHAR, from_stream: conversion.adders::VARCHAR},
        {figure: 'checkouts', from_events: counted.checkouts::VARCHAR, from_stream: conversion.checkouts::VARCHAR},
        {figure: 'buyers', from_events: counted.buyers::VARCHAR, from_stream: conversion.buyers::VARCHAR},
        {figure: 'orders', from_events: counted.orders::VARCHAR, from_stream: conversion.orders::VARCHAR},
        {figure: 'revenue_minor', from_events: counted.revenue_minor::VARCHAR,
            from_stream: conversion.revenue_minor::VARCHAR},
        {figure: 'add_rate', from_events: counted.add_rate::VARCHAR, from_stream: conversion.add_rate::VARCHAR},
        {figure: 'checkout_rate', from_events: counted.checkout_rate::VARCHAR,
            from_stream: conversion.checkout_rate::VARCHAR},
        {figure: 'buy_rate', from_events: counted.buy_rate::VARCHAR, from_stream: conversion.buy_rate::VARCHAR},
        {figure: 'conversion_rate', from_events: counted.conversion_rate::VARCHAR,
            from_stream: conversion.conversion_rate::VARCHAR}
    ], recursive := true)
    FROM counted
    FULL JOIN conversion USING (window_kind, window_start, window_end, dimension, value)
)
SELECT * EXCLUDE (has_late)
FROM figures
-- With late events counted, only they are asked about: a window that is still open differs for another reason.
WHERE from_events IS DISTINCT FROM from_stream AND (has_late OR NOT $count_late)
ORDER BY window_kind, window_start, dimension, value, figure
