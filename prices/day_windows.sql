-- One row per window of one kind and category that began on a UTC day, in the order in which they closed.
SELECT window_kind, epoch_ms(window_start) AS start_ms, epoch_ms(window_end) AS end_ms, viewers, buyers
FROM conversion
WHERE event_date = $day AND dimension = 'category' AND value = $category AND window_kind = $window_kind
ORDER BY window_start
