-- One row: what became of the accepted events, and of the coupons' effects.
WITH
accepted AS (
    SELECT event_id FROM read_csv($accepted, header = false, columns = {'event_id': 'VARCHAR'})
),
landed AS (
    SELECT event_id, count(*) AS landings FROM events SEMI JOIN accepted USING (event_id) GROUP BY event_id
),
given AS (
    SELECT coupon_id, count(*) AS times FROM effects GROUP BY coupon_id
)
SELECT
    (SELECT count(*) FROM accepted) AS published,
    (SELECT count(*) FROM landed) AS landed,
    (SELECT count(*) FROM dead_letters) AS dead_lettered,
    (SELECT count(*) FROM late_events SEMI JOIN accepted USING (event_id)) AS late,
    (SELECT count(*) FROM accepted ANTI JOIN landed USING (event_id)) AS lost,
    (SELECT coalesce(sum(landings - 1), 0)::BIGINT FROM landed) AS duplicates_landed,
    (SELECT count(*) FROM given) AS coupons_received,
    (SELECT coalesce(sum(times - 1), 0)::BIGINT FROM given) AS coupons_effective_duplicates,
    (SELECT count(*) FROM coupons ANTI JOIN given USING (coupon_id)) AS coupons_not_received
