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
    json_object(
        'events', known.events,
        'since_order_ms', since_order_ms,
        'orders', orders,
        'lines', lines,
        'coupon_lines', coupon_lines,
        'pieces', pieces,
        'spent_minor', spent_minor,
        'looks', looks,
        'looked_minor', looked_minor,
        'adds', adds,
        'newest_categories', len(newest_categories),
        'of_category', CASE
            WHEN known.category IS NOT NULL
            THEN len(list_filter(newest_categories, lambda one: one = known.category))
        END
    ) AS features
FROM features($currency, $buyers_for, $visitors_for, of_shopper := $shopper_id) AS known
JOIN events AS newest ON newest.event_id = known.event_id
ORDER BY known.appended_at DESC, known.events DESC
LIMIT 1
