-- One row per candidate of a day that the jobs decided, of a pattern that nothing here can reckon from the events.
SELECT
    decisions.rule,
    decisions.shopper_id,
    decisions.cause_event_id,
    arg_min(decisions.membership_tier, decided_at) AS membership_tier,
    epoch_ms(min(decisions.occurred_at)) AS occurred_ms,
    epoch_ms(coalesce(min(events.published_at), min(decisions.occurred_at))) AS published_ms,
    epoch_ms(min(decisions.due_at)) AS due_ms,
    any_value(events.category) AS category,
    any_value(events.store_id) AS store_id,
    any_value(events.price_minor) AS price_minor,
    arg_min(decisions.features, decided_at) AS features
FROM decisions
LEFT JOIN events ON events.event_id = decisions.cause_event_id
WHERE decisions.due_at >= $since
    AND decisions.due_at < $until
    AND NOT list_contains($reckoned, decisions.rule)
GROUP BY decisions.rule, decisions.shopper_id, decisions.cause_event_id
