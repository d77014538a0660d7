-- One row per change of a category's price. A restart may land it again, never another one.
FROM landed('prices')
QUALIFY row_number() OVER (PARTITION BY price_id ORDER BY decided_at) = 1
