-- One row per message in the warehouse: in which tables it is, how often it landed, what is said of it there.
SELECT
    message_id,
    any_value(event_id) AS event_id,
    any_value(event_type) AS event_type,
    any_value(occurred_at) AS occurred_at,
    min(published_at) AS published_at,
    count(*) FILTER (fate = 'landed') AS landings,
    count(*) FILTER (fate = 'dead_letter') AS dead_letters,
    count(*) FILTER (fate = 'duplicate') AS repeats,
    any_value(reason) AS reason,
    any_value(field) AS field
FROM (
    SELECT message_id, event_id, event_type, occurred_at, published_at, 'landed' AS fate,
        NULL::VARCHAR AS reason, NULL::VARCHAR AS field
    FROM events
    UNION ALL
    SELECT message_id, NULL, NULL, NULL, published_at, 'dead_letter', reason, field FROM dead_letters
    UNION ALL
    SELECT message_id, event_id, NULL, NULL, published_at, 'duplicate', NULL, NULL FROM duplicates
)
GROUP BY message_id
