-- One row per event that landed more than once in the range.
SELECT event_id
FROM events
GROUP BY event_id
HAVING count(*) > 1 AND count_if(published_at >= $since AND published_at < $last) > 0
