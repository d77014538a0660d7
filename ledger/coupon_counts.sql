-- One row: how far the coupons of the range came.
SELECT
    count(*) FILTER (decided_at IS NOT NULL) AS decided,
    coalesce(sum(decisions) FILTER (decisions > 1), 0)::BIGINT - count(*) FILTER (decisions > 1) AS decided_again,
    count(*) FILTER (sent_at IS NOT NULL) AS sent,
    count(*) FILTER (received_at IS NOT NULL) AS received,
    coalesce(sum(repeats), 0)::BIGINT AS repeats_dropped,
    coalesce(sum(unmarked), 0)::BIGINT AS received_again,
    count(*) FILTER (decided_at IS NOT NULL AND len(files) < len($files)) AS not_received,
    count(*) FILTER (decided_at IS NULL) AS received_not_landed
FROM coupon_fates
