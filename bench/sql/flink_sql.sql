-- One row per shopper and product seen three times.
INSERT INTO thirds
SELECT shopper_id, product_id, count(*) AS seen, max(read_at) AS read_at
FROM clicks
WHERE event_type = 'product_viewed'
GROUP BY shopper_id, product_id
HAVING count(*) = 3
