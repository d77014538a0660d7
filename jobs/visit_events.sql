-- One row per event, with what a visit counts of it.
SELECT shopper_id, session_id, event_type, order_id, occurred_at,
       CASE WHEN event_type = 'order_completed' AND currency = :currency
            THEN price_minor * quantity ELSE CAST(0 AS BIGINT) END AS revenue_minor
FROM clicks
WHERE verdict = 'ok'
