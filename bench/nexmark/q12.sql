-- One row per bid, with the moment at which it is read.
CREATE TEMPORARY VIEW bids_read AS SELECT bidder, PROCTIME() AS read_now FROM bids;

-- One row per bidder and ten seconds of this machine's clock.
INSERT INTO answer
SELECT bidder, count(*) AS bids, window_start, window_end
FROM TABLE(TUMBLE(TABLE bids_read, DESCRIPTOR(read_now), INTERVAL '10' SECOND))
GROUP BY bidder, window_start, window_end;
