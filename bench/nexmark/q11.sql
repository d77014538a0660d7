-- One row per bidder and visit: the bids until ten seconds went by without one.
INSERT INTO answer
SELECT bidder, count(*) AS bids, SESSION_START(date_time, INTERVAL '10' SECOND) AS window_start,
    SESSION_END(date_time, INTERVAL '10' SECOND) AS window_end
FROM bids
GROUP BY bidder, SESSION(date_time, INTERVAL '10' SECOND);
