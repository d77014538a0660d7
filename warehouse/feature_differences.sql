-- One row per decision whose features are not those of the landed events: both, as JSON; null where none has landed.
-- $currency, $buyers_for and $visitors_for are the coupons job's currency, remember_buyers and remember_visitors.
WITH decided AS (
    SELECT decision_id, shopper_id, cause_event_id, rule, features, decided_at,
        (features ->> 'events')::BIGINT AS events
    FROM decisions
    WHERE features IS NOT NULL
),
reckoned AS (
    SELECT
        decision_id,
        -- Of what the offer is about: a basket that was left behind names an older event than the newest.
        features_text(known, cause.category) AS features
    FROM decided
    JOIN events AS cause ON cause.event_id = decided.cause_event_id
    -- Features name their moment: it is the shopper's so-and-so-manieth event.
    JOIN features($currency, $buyers_for, $visitors_for) AS known
        ON known.shopper_id = decided.shopper_id
        AND known.events = decided.events
        AND (known.event_id = decided.cause_event_id OR decided.rule = 'abandoned_cart')
    -- Who was forgotten counts from 1 again: the moment is the last before the decision.
    QUALIFY row_number() OVER (PARTITION BY decision_id ORDER BY known.appended_at > decided_at, known.appended_at DESC) = 1
)
SELECT decided.decision_id, decided.rule, decided.features AS in_stream, reckoned.features AS in_warehouse
FROM decided
LEFT JOIN reckoned ON reckoned.decision_id = decided.decision_id
WHERE decided.features IS DISTINCT FROM reckoned.features
ORDER BY decided.decided_at
