-- One row per bidder and auction: the newest bid, as a changelog.
INSERT INTO answer
SELECT auction, bidder, price, channel, url, date_time, extra
FROM (
    SELECT *, row_number() OVER (PARTITION BY bidder, auction ORDER BY date_time DESC) AS newest
    FROM bids
)
WHERE newest <= 1;
