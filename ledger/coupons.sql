-- One row per coupon of the range, and per receipt of an unknown one: decided, sent, received by whom, and again.
WITH
decided AS (
    SELECT coupon_id, count(*) AS decisions, min(decided_at) AS decided_at, min(sent_at) AS sent_at
    FROM landed('coupons')
    GROUP BY coupon_id
),
-- A repeat that its subscriber dropped is marked; one that is not was acted on.
received AS (
    SELECT coupon_id, file, min(received_at) AS received_at,
        count_if(repeat) AS repeats,
        greatest(count(*) - count_if(repeat) - 1, 0) AS unmarked
    FROM receipts
    GROUP BY coupon_id, file
),
subscribers AS (
    SELECT coupon_id, list(file) AS files, min(received_at) AS received_at, sum(repeats)::BIGINT AS repeats,
        sum(unmarked)::BIGINT AS unmarked
    FROM received
    GROUP BY coupon_id
)
SELECT
    coupon_id,
    coalesce(decisions, 0) AS decisions,
    decided_at,
    sent_at,
    received_at,
    coalesce(files, []) AS files,
    coalesce(repeats, 0) AS repeats,
    coalesce(unmarked, 0) AS unmarked
FROM decided
FULL JOIN subscribers USING (coupon_id)
WHERE coalesce(decided_at, received_at) >= $since AND coalesce(decided_at, received_at) < $until
