-- One row: the longest that a coupon waited for its decision, and the last moment that a job was seen at work.
SELECT
    (SELECT coalesce(max(epoch_ms(decided_at) - epoch_ms(due_at)), 0) FROM coupons) AS longest_ms,
    greatest((SELECT max(epoch_ms(read_at)) FROM events), (SELECT max(epoch_ms(decided_at)) FROM coupons)) AS until_ms
