-- One row per deferred event that was moved: its message on the side topic, and the one on events/clicks.
-- A mover that was killed may not have known the second: then it is any message in which the event landed.
SELECT
    moved.deferred_message_id,
    any_value(coalesce(moved.message_id, landed.message_id)) AS message_id,
    min(moved.moved_at) AS moved_at
FROM read_json(
    $moved,
    format = 'newline_delimited',
    columns = {
        event_id: 'VARCHAR', deferred_message_id: 'VARCHAR', message_id: 'VARCHAR', moved_at: 'TIMESTAMPTZ'
    }
) AS moved
LEFT JOIN (
    SELECT event_id, min(message_id) AS message_id FROM events GROUP BY event_id
) AS landed ON moved.message_id IS NULL AND landed.event_id = moved.event_id
GROUP BY moved.deferred_message_id
