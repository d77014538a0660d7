-- One row: the last second, by due time, in which the coupons' p99 was above a second, as milliseconds since 1970.
SELECT max(second_ms) + 1000 AS recovered_ms
FROM (
    SELECT due_ms // 1000 * 1000 AS second_ms, quantile_disc(received_ms - due_ms, 0.99) AS p99_ms
    FROM (SELECT coupon_id, min(due_ms) AS due_ms, min(received_ms) AS received_ms FROM effects GROUP BY coupon_id)
    WHERE due_ms >= $fault_ms
    GROUP BY ALL
)
WHERE p99_ms > 1000
