-- One row per field at fault: how many dead letters of the range, and one of their reasons.
SELECT field, count(*) AS messages, min(reason) AS for_example
FROM fates
WHERE fate = 'dead_letter'
GROUP BY field
ORDER BY messages DESC, field
