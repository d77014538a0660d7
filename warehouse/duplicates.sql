-- One row per later delivery of an event id, dropped; a message read again after a restart is no other delivery.
SELECT repeat.*
FROM landed('duplicates') AS repeat
ANTI JOIN landed('events') AS event ON event.topic = repeat.topic AND event.message_id = repeat.message_id
QUALIFY row_number() OVER (PARTITION BY repeat.topic, repeat.message_id ORDER BY repeat.read_at) = 1
