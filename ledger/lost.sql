-- One row per published message that is nowhere, with who saw its event last.
SELECT
    'lost' AS kind,
    coalesce(fates.event_id, fates.message_id) AS id,
    coalesce(
        'read by the coupons job at ' || any_value(coupons.read_at)
            || ' (coupon ' || any_value(coupons.coupon_id) || ')',
        'read by the conversion job at ' || any_value(late_events.first_seen_at) || ' (late)',
        'dropped again as duplicate ' || any_value(duplicates.message_id)
            || ', read by the landing job at ' || any_value(duplicates.read_at),
        CASE WHEN any_value(fates.waits) THEN 'deferred by its publisher, and not moved' END,
        'last seen by its publisher'
    ) || ': ' || coalesce(any_value(fates.event_type), 'no event') || ' of '
        || coalesce(any_value(fates.shopper_id), 'nobody') || ', acknowledged as ' || fates.message_id
        || CASE WHEN any_value(fates.waits) THEN '' ELSE ' in ' || $topics END || ', published ' || any_value(fates.published_at) AS what
FROM fates
LEFT JOIN coupons ON coupons.cause_event_id = fates.event_id
LEFT JOIN late_events ON late_events.event_id = fates.event_id
LEFT JOIN duplicates ON duplicates.event_id = fates.event_id
WHERE fate = 'lost'
GROUP BY fates.message_id, fates.event_id
ORDER BY fates.message_id
