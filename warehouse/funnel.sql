-- One row per UTC day of the visit's start and step: visits that took this step and every step before it.
WITH taken AS (
    SELECT started_at::DATE AS day, steps, shopper_id
    FROM sessions
),
funnel_steps (step, event_type) AS (
    VALUES (1, 'product_viewed'), (2, 'product_added'), (3, 'checkout_started'), (4, 'order_completed')
)
SELECT
    day,
    step,
    event_type,
    count(*) FILTER (steps >= step) AS visits,
    count(DISTINCT shopper_id) FILTER (steps >= step) AS shoppers,
    visits / nullif(lag(visits) OVER day_steps, 0) AS share_of_previous,
    visits / nullif(first_value(visits) OVER day_steps, 0) AS share_of_first
FROM taken
CROSS JOIN funnel_steps
GROUP BY day, step, event_type
WINDOW day_steps AS (PARTITION BY day ORDER BY step)
