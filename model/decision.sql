-- One row: a decision, as a model is asked about it.
SELECT decisions.shopper_id, rule, decisions.membership_tier, features, outcome, decisions.offer,
    cause.price_minor, coalesce(decisions.basket_minor, 0) AS basket_minor,
    CASE outcome WHEN 'issued' THEN decisions.kind END AS kind,
    CASE outcome WHEN 'issued' THEN decisions.cost_minor ELSE 0 END AS cost_minor,
    CASE outcome WHEN 'issued' THEN coalesce(coupons.points, 0) ELSE 0 END AS points
FROM decisions
LEFT JOIN events AS cause ON cause.event_id = decisions.cause_event_id
LEFT JOIN coupons ON coupons.coupon_id = decisions.decision_id
WHERE decision_id = $decision_id
