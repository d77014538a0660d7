-- One row per visit as the client counts it: a shopper's events with one session_id, late ones included.
-- steps is how many steps of the funnel were taken without leaving one out: view, add, checkout, order. It asks whether
-- there was an order, not how many: counting distinct ids would be most of what the funnel costs.
SELECT
    shopper_id,
    session_id,
    min(occurred_at) AS started_at,
    max(occurred_at) AS ended_at,
    arg_min(source, occurred_at) AS source,
    arg_min(campaign_id, occurred_at) AS campaign_id,
    arg_max(membership_tier, occurred_at) AS membership_tier,
    count(*) AS events,
    count(*) FILTER (event_type = 'product_viewed') AS views,
    count(*) FILTER (event_type = 'product_added') AS adds,
    count(*) FILTER (event_type = 'checkout_started') AS checkouts,
    count(DISTINCT order_id) FILTER (event_type = 'order_completed') AS orders,
    CASE
        WHEN views = 0 THEN 0
        WHEN adds = 0 THEN 1
        WHEN checkouts = 0 THEN 2
        WHEN NOT bool_or(event_type = 'order_completed') THEN 3
        ELSE 4
    END AS steps
FROM events
GROUP BY shopper_id, session_id
