-- One row per window, dimension and value, with each step's rate; again, corrected, after each late event let in.
CREATE TEMPORARY VIEW rated AS
SELECT window_kind,
       CAST(window_start AS TIMESTAMP_LTZ(3)) AS window_start,
       CAST(window_end AS TIMESTAMP_LTZ(3)) AS window_end,
       dimension, `value`, viewers, adders, checkouts, buyers, orders, revenue_minor,
       CAST(adders AS DOUBLE) / NULLIF(viewers, 0) AS add_rate,
       CAST(checkouts AS DOUBLE) / NULLIF(adders, 0) AS checkout_rate,
       CAST(buyers AS DOUBLE) / NULLIF(checkouts, 0) AS buy_rate,
       CAST(buyers AS DOUBLE) / NULLIF(viewers, 0) AS conversion_rate,
       CAST(computed_at AS TIMESTAMP_LTZ(3)) AS computed_at
FROM counted;

INSERT INTO conversion SELECT * FROM rated;

INSERT INTO conversion_topic SELECT * FROM rated;

INSERT INTO session_results SELECT * FROM visits;

INSERT INTO session_topic SELECT * FROM visits;

-- One row per event that came after watermark and allowed lateness: landed, but in no figure above.
CREATE TEMPORARY VIEW late AS
SELECT event_id, event_type, shopper_id, topic, message_id, schema_version, reason, field, payload,
       occurred_at, watermark_at, late_by_ms, published_at, read_at AS first_seen_at
FROM clicks
WHERE verdict = 'late';

INSERT INTO late_events SELECT * FROM late;

INSERT INTO late_event_topic SELECT * FROM late;

-- One row per change of a category's price: sent once a checkpoint holds it, or before, by a job whose state is gone.
CREATE TEMPORARY VIEW changed AS
SELECT price_id, category, rule_version, reason, previous_percent, price_percent, window_kind,
       CAST(window_start AS TIMESTAMP_LTZ(3)) AS window_start,
       CAST(window_end AS TIMESTAMP_LTZ(3)) AS window_end,
       viewers, buyers, conversion_rate, low, high, floor_percent, ceiling_percent,
       CAST(decided_at AS TIMESTAMP_LTZ(3)) AS decided_at,
       sent_before
FROM priced;

INSERT INTO prices
SELECT price_id, category, rule_version, reason, previous_percent, price_percent, window_kind, window_start, window_end,
       viewers, buyers, conversion_rate, low, high, floor_percent, ceiling_percent, decided_at
FROM changed;

INSERT INTO price_topic
SELECT price_id, category, rule_version, reason, previous_percent, price_percent, window_kind, window_start, window_end,
       viewers, buyers, conversion_rate, low, high, floor_percent, ceiling_percent, decided_at
FROM changed
WHERE NOT sent_before;
