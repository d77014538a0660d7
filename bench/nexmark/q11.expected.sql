-- One row per visit that the result lacks, or has too many.
WITH stepped AS (
    SELECT bidder, epoch_ms(date_time) AS ms,
        ms - lag(ms) OVER (PARTITION BY bidder ORDER BY date_time) AS since_ms
    FROM bids
),
numbered AS (
    SELECT bidder, ms,
        -- A gap of exactly ten seconds joins: Flink merges windows that touch.
        sum(CASE WHEN since_ms > 10000 THEN 1 ELSE 0 END) OVER (
            PARTITION BY bidder ORDER BY ms ROWS UNBOUNDED PRECEDING
        ) AS visit
    FROM stepped
),
expected AS (
    SELECT bidder, count(*) AS bids, min(ms) AS window_start, max(ms) + 10000 AS window_end
    FROM numbered
    GROUP BY bidder, visit
),
found AS (
    SELECT bidder, bids, epoch_ms(window_start) AS window_start, epoch_ms(window_end) AS window_end FROM result
)
(FROM expected EXCEPT ALL FROM found)
UNION ALL
(FROM found EXCEPT ALL FROM expected)
