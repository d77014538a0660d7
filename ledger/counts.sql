-- One row: how many published messages of the range met each fate, and what else lies in the range.
WITH
-- A publisher may have taken for failed what the broker had, so its ids are known although its messages are not.
foreign_messages AS (
    FROM seen
    ANTI JOIN books ON books.message_id = seen.message_id
    ANTI JOIN (FROM books WHERE NOT acknowledged AND event_id IS NOT NULL) AS unsure ON unsure.event_id = seen.event_id
    WHERE published_at >= $since AND published_at < $last
)
SELECT
    count(*) AS published,
    count(*) FILTER (fate = 'landed') AS landed,
    count(*) FILTER (conversion = 'counted') AS counted,
    count(*) FILTER (conversion = 'late') AS late,
    count(*) FILTER (conversion = 'no_step') AS of_no_step,
    count(*) FILTER (conversion = 'uncounted') AS uncounted,
    count(*) FILTER (fate = 'dead_letter') AS dead_lettered,
    count(*) FILTER (fate = 'duplicate') AS duplicates_dropped,
    count(*) FILTER (fate = 'pending') AS pending,
    count(*) FILTER (fate = 'lost') AS lost,
    count(*) FILTER (deferred) AS deferred,
    count(*) FILTER (waits) AS not_moved,
    (SELECT count(*) FROM books WHERE NOT acknowledged AND asked) AS unacknowledged,
    (
        SELECT count(*) FROM books SEMI JOIN seen USING (event_id)
        WHERE NOT acknowledged AND asked
    ) AS unacknowledged_landed,
    (SELECT count(*) FROM foreign_messages) AS foreign_messages
FROM fates
