-- One row per published message that is somewhere, but not where its books and the other tables say.
SELECT 'in_two_tables' AS kind, coalesce(event_id, message_id) AS id,
    'message ' || message_id || ' is in ' || tables || ' of events, dead_letters and duplicates; it must be in one' AS what
FROM fates
WHERE tables > 1
UNION ALL
SELECT 'unexplained_dead_letter', coalesce(event_id, message_id),
    'message ' || message_id || ' was to land, and is a dead letter: ' || reason
FROM fates
WHERE fate = 'dead_letter' AND expected IN ('landed', 'duplicate')
UNION ALL
SELECT 'missing_dead_letter', coalesce(event_id, message_id),
    'message ' || message_id || ' was to be a dead letter, and is in '
        || CASE fate WHEN 'landed' THEN 'events' ELSE 'duplicates' END
FROM fates
WHERE expected = 'dead_letter' AND fate IN ('landed', 'duplicate')
UNION ALL
SELECT 'orphan_duplicate', event_id,
    'message ' || message_id || ' was dropped as a duplicate of an event that did not land'
FROM fates
ANTI JOIN events USING (event_id)
ANTI JOIN (FROM fates WHERE fate = 'pending') AS pending USING (event_id)
WHERE fate = 'duplicate'
