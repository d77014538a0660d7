-- One row per auction with the most bids of ten seconds, every two seconds. Nexmark gives no window bounds; here they
-- are in it, so that the result can be checked.
INSERT INTO answer
SELECT counted.auction, counted.bids, counted.window_start, counted.window_end
FROM (
    SELECT auction, count(*) AS bids, window_start, window_end
    FROM TABLE(HOP(TABLE bids, DESCRIPTOR(date_time), INTERVAL '2' SECOND, INTERVAL '10' SECOND))
    GROUP BY auction, window_start, window_end
) AS counted
JOIN (
    SELECT max(bids) AS most, window_start, window_end
    FROM (
        SELECT count(*) AS bids, window_start, window_end
        FROM TABLE(HOP(TABLE bids, DESCRIPTOR(date_time), INTERVAL '2' SECOND, INTERVAL '10' SECOND))
        GROUP BY auction, window_start, window_end
    )
    GROUP BY window_start, window_end
) AS hottest
ON counted.window_start = hottest.window_start AND counted.window_end = hottest.window_end
    AND counted.bids >= hottest.most;
