-- One row per message that is no valid event, with the reason; the first reading of it.
FROM landed('dead_letters')
QUALIFY row_number() OVER (PARTITION BY topic, message_id ORDER BY first_seen_at) = 1
