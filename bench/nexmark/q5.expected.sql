-- One row per window and hottest auction that the result lacks, or has too many.
WITH counted AS (
    SELECT auction, window_start, count(*) AS bids
    FROM (
        SELECT auction, (epoch_ms(date_time) // 2000 - slot) * 2000 AS window_start
        FROM bids, range(5) AS slots (slot)
    )
    GROUP BY ALL
),
expected AS (
    SELECT auction, bids, window_start, window_start + 10000 AS window_end
    FROM counted
    QUALIFY bids = max(bids) OVER (PARTITION BY window_start)
),
found AS (
    SELECT auction, bids, epoch_ms(window_start) AS window_start, epoch_ms(window_end) AS window_end FROM result
)
(FROM expected EXCEPT ALL FROM found)
UNION ALL
(FROM found EXCEPT ALL FROM expected)
