-- One row per ten seconds of event time with an event to count: whether the stream's figures are those of the events.
-- Revenue is left to warehouse/conversion_differences.sql, which knows the shop's currency.
WITH
-- One row per window by the landed events.
counted AS (
    SELECT
        time_bucket(INTERVAL '10 seconds', occurred_at) AS window_start,
        count(*) AS events,
        count(DISTINCT shopper_id) FILTER (event_type = 'product_viewed') AS viewers,
        count(DISTINCT shopper_id) FILTER (event_type = 'product_added') AS adders,
        count(DISTINCT shopper_id) FILTER (event_type = 'checkout_started') AS checkouts,
        count(DISTINCT shopper_id) FILTER (event_type = 'order_completed') AS buyers,
        count(DISTINCT order_id) FILTER (event_type = 'order_completed') AS orders
    FROM events
    ANTI JOIN late_events USING (event_id)
    WHERE event_type IN ('product_viewed', 'product_added', 'checkout_started', 'order_completed')
    GROUP BY window_start
),
streamed AS (
    FROM conversion
    WHERE window_kind = 'tumble_10s' AND dimension = 'all'
)
SELECT
    window_start,
    coalesce(counted.events, 0) AS events,
    {viewers: counted.viewers, adders: counted.adders, checkouts: counted.checkouts, buyers: counted.buyers,
        orders: counted.orders} AS from_events,
    CASE WHEN streamed.viewers IS NOT NULL THEN
        {viewers: streamed.viewers, adders: streamed.adders, checkouts: streamed.checkouts, buyers: streamed.buyers,
            orders: streamed.orders} END AS from_stream,
    coalesce(from_events = from_stream, false) AS agree
FROM counted
FULL JOIN streamed USING (window_start)
