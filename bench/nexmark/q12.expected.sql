-- One row per bidder whose bids do not sum up over all windows, and per window that is none of ten seconds.
WITH expected AS (
    SELECT bidder, count(*) AS bids FROM bids GROUP BY bidder
),
found AS (
    SELECT bidder, sum(bids)::BIGINT AS bids FROM result GROUP BY bidder
)
(FROM expected EXCEPT ALL FROM found)
UNION ALL
(FROM found EXCEPT ALL FROM expected)
UNION ALL
SELECT bidder, bids
FROM result
WHERE epoch_ms(window_start) % 10000 <> 0 OR epoch_ms(window_end) - epoch_ms(window_start) <> 10000
