-- One row per window, dimension and value: the newest figures.
-- Partitioned by date and hour too, which follow from window_start, so that a filter on them still skips files.
-- Events only add to a window: of two rows of one millisecond the fuller is the newer.
FROM landed('conversion')
QUALIFY row_number() OVER (
    PARTITION BY event_date, event_hour, window_kind, window_start, dimension, value
    ORDER BY computed_at DESC, viewers + adders + checkouts + buyers + orders DESC, revenue_minor DESC
) = 1
