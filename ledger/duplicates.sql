-- One row per published message of the range that was dropped as a duplicate: of which event and landed message.
SELECT fates.message_id, fates.event_id, min(events.message_id) AS of_message_id
FROM fates
LEFT JOIN events USING (event_id)
WHERE fate = 'duplicate'
GROUP BY ALL
ORDER BY fates.event_id, fates.message_id
