-- One row: what became of the messages that were promised something, and of the coupons' effects.
WITH
in_time AS (
    SELECT id AS event_id FROM accepted
),
must_be_late AS (
    SELECT id AS event_id FROM behind
),
must_land AS (
    FROM in_time UNION ALL FROM must_be_late
),
must_die AS (
    SELECT id AS message_id FROM dead
),
landed AS (
    SELECT event_id, count(*) AS landings FROM events SEMI JOIN must_land USING (event_id) GROUP BY event_id
),
given AS (
    SELECT coupon_id, count(*) AS times FROM effects GROUP BY coupon_id
)
SELECT
    (SELECT count(*) FROM must_land) + (SELECT count(*) FROM must_die) AS published,
    (SELECT count(*) FROM landed) AS landed,
    (SELECT count(*) FROM dead_letters) AS dead_lettered,
    (SELECT count(*) FROM must_land SEMI JOIN late_events USING (event_id)) AS late,
    (SELECT count(*) FROM must_land ANTI JOIN landed USING (event_id))
        + (SELECT count(*) FROM must_die ANTI JOIN dead_letters USING (message_id) ANTI JOIN events USING (message_id)) AS lost,
    (SELECT coalesce(sum(landings - 1), 0)::BIGINT FROM landed) AS duplicates_landed,
    (SELECT count(*) FROM in_time SEMI JOIN late_events USING (event_id))
        + (SELECT count(*) FROM must_be_late ANTI JOIN late_events USING (event_id))
        + (SELECT count(*) FROM must_die SEMI JOIN events USING (message_id)) AS misjudged,
    (SELECT count(*) FROM given) AS coupons_received,
    (SELECT coalesce(sum(times - 1), 0)::BIGINT FROM given) AS coupons_effective_duplicates,
    (SELECT count(*) FROM coupons ANTI JOIN given USING (coupon_id)) AS coupons_not_received
