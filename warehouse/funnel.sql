-- One row per UTC day of the visit's start and step: visits that took this step and every step before it.
WITH
-- One row per day and shopper: visits by steps taken. count(DISTINCT shopper_id) would take twice as long.
shoppers AS (
    SELECT
        -- A cast of a time with a zone asks the calendar for each row.
        make_timestamp(epoch_us(started_at))::DATE AS day,
        shopper_id,
        count(*) FILTER (steps >= 1) AS viewed,
        count(*) FILTER (steps >= 2) AS added,
        count(*) FILTER (steps >= 3) AS checked_out,
        count(*) FILTER (steps >= 4) AS ordered
    FROM sessions
    GROUP BY day, shopper_id
),
taken AS (
    SELECT day, unnest([
        {step: 1, event_type: 'product_viewed', visits: sum(viewed)::BIGINT,
            shoppers: count(shopper_id) FILTER (viewed > 0)},
        {step: 2, event_type: 'product_added', visits: sum(added)::BIGINT,
            shoppers: count(shopper_id) FILTER (added > 0)},
        {step: 3, event_type: 'checkout_started', visits: sum(checked_out)::BIGINT,
            shoppers: count(shopper_id) FILTER (checked_out > 0)},
        {step: 4, event_type: 'order_completed', visits: sum(ordered)::BIGINT,
            shoppers: count(shopper_id) FILTER (ordered > 0)}
    ], recursive := true)
    FROM shoppers
    GROUP BY day
)
SELECT
    day,
    step,
    event_type,
    visits,
    shoppers,
    visits / nullif(lag(visits) OVER day_steps, 0) AS share_of_previous,
    visits / nullif(first_value(visits) OVER day_steps, 0) AS share_of_first
FROM taken
WINDOW day_steps AS (PARTITION BY day ORDER BY step)
