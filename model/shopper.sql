-- One row: a shopper after the newest landed event, as a model is asked about a moment without pattern and offer.
SELECT
    '' AS rule,
    newest.membership_tier,
    newest.price_minor,
    0 AS basket_minor,
    NULL::VARCHAR AS kind,
    0 AS cost_minor,
    0 AS points,
    known.events,
    features_text(known, known.category) AS features
FROM features($currency, $buyers_for, $visitors_for, of_shopper := $shopper_id) AS known
JOIN events AS newest ON newest.event_id = known.event_id
ORDER BY known.appended_at DESC, known.events DESC
LIMIT 1
