-- One row per session figure that differs between the landed events and the stream's answer; none when they agree.
WITH
-- One row per event that was not late, with whether it begins a session. Flink joins sessions that only touch,
-- so an event exactly $gap after the one before still belongs to its session.
marked AS (
    SELECT shopper_id, session_id, event_type, order_id, occurred_at,
        CASE WHEN event_type = 'order_completed' AND currency = $currency THEN price_minor * quantity ELSE 0 END
            AS revenue_minor,
        coalesce(occurred_at - lag(occurred_at) OVER visit > $gap, true) AS begins
    FROM events
    ANTI JOIN late_events USING (event_id)
    WINDOW visit AS (PARTITION BY shopper_id, session_id ORDER BY occurred_at)
),
numbered AS (
    SELECT *, count_if(begins) OVER (PARTITION BY shopper_id, session_id ORDER BY occurred_at) AS session_number
    FROM marked
),
counted AS (
    SELECT shopper_id, session_id,
        min(occurred_at) AS window_start,
        max(occurred_at) + $gap AS window_end,
        count(*) FILTER (event_type = 'product_viewed') AS views,
        count(*) FILTER (event_type = 'product_added') AS adds,
        count(*) FILTER (event_type = 'checkout_started') AS checkouts,
        count(DISTINCT order_id) FILTER (event_type = 'order_completed') AS orders,
        sum(revenue_minor)::BIGINT AS revenue_minor
    FROM numbered
    GROUP BY shopper_id, session_id, session_number
),
-- One row per figure of either side.
figures AS (
    SELECT shopper_id, session_id, window_start, window_end, unnest([
        {figure: 'views', from_events: counted.views, from_stream: session_results.views},
        {figure: 'adds', from_events: counted.adds, from_stream: session_results.adds},
        {figure: 'checkouts', from_events: counted.checkouts, from_stream: session_results.checkouts},
        {figure: 'orders', from_events: counted.orders, from_stream: session_results.orders},
        {figure: 'revenue_minor', from_events: counted.revenue_minor, from_stream: session_results.revenue_minor}
    ], recursive := true)
    FROM counted
    FULL JOIN session_results USING (shopper_id, session_id, window_start, window_end)
)
FROM figures
WHERE from_events IS DISTINCT FROM from_stream
ORDER BY shopper_id, session_id, window_start, figure
