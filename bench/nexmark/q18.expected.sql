-- One row per bidder and auction whose newest bid is another one, and per row that is no bid. Of bids of one
-- millisecond each may be the newest: they lie in several partitions.
WITH expected AS (
    SELECT bidder, auction, max(date_time) AS newest FROM bids GROUP BY ALL
),
found AS (
    SELECT bidder, auction, max(date_time) AS newest FROM result GROUP BY ALL
)
(FROM expected EXCEPT ALL FROM found)
UNION ALL
(FROM found EXCEPT ALL FROM expected)
UNION ALL
SELECT bidder, auction, date_time
FROM result
ANTI JOIN bids USING (auction, bidder, price, date_time)
UNION ALL
SELECT bidder, auction, date_time
FROM result
WHERE url <> 'https://www.nexmark.com/' || lower(channel) || '/item.htm?query=1'
