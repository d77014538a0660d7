-- One row per event id: the first delivery.
INSERT INTO events SELECT * FROM landed;

-- One row per later delivery of an event id within the horizon: dropped, and accounted for here.
INSERT INTO duplicates
SELECT event_id, shopper_id, topic, message_id, published_at, read_at
FROM refused
WHERE verdict = 'duplicate';

-- One row per message that is no event, with the reason.
CREATE TEMPORARY VIEW dead AS
SELECT topic, message_id, message_key AS key, schema_version, reason, field, payload,
       message_properties AS properties, published_at, read_at AS first_seen_at
FROM refused
WHERE verdict = 'dead';

INSERT INTO dead_letters SELECT * FROM dead;

INSERT INTO dead_letter_topic SELECT * FROM dead;
