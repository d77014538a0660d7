-- One row: a decision, as a model is asked about it.
SELECT
    made.shopper_id,
    made.rule,
    made.membership_tier,
    made.features,
    made.outcome,
    made.offer,
    cause.price_minor,
    coalesce(made.basket_minor, 0) AS basket_minor,
    CASE made.outcome WHEN 'issued' THEN made.kind END AS kind,
    CASE made.outcome WHEN 'issued' THEN made.cost_minor ELSE 0 END AS cost_minor,
    CASE made.outcome WHEN 'issued' THEN coalesce(coupons.points, 0) ELSE 0 END AS points
FROM decisions AS made
LEFT JOIN events AS cause ON cause.event_id = made.cause_event_id
LEFT JOIN coupons ON coupons.coupon_id = made.decision_id
WHERE made.decision_id = $decision_id
