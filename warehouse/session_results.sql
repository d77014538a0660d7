-- One row per session that has ended: the newest of the rows whose windows overlap.
WITH
-- One row per session and window; of two rows of one millisecond the fuller is the newer.
windows AS (
    FROM landed('session_results')
    QUALIFY row_number() OVER (
        PARTITION BY shopper_id, session_id, window_start, window_end
        ORDER BY computed_at DESC, views + adds + checkouts + orders DESC, revenue_minor DESC
    ) = 1
)
-- A late event widens a session or joins two: of two windows of one millisecond the wider is the newer.
SELECT older.*
FROM windows AS older
ANTI JOIN windows AS newer
    ON newer.shopper_id = older.shopper_id
    AND newer.session_id = older.session_id
    AND newer.window_start <= older.window_end
    AND newer.window_end >= older.window_start
    AND (newer.computed_at, newer.window_end - newer.window_start)
        > (older.computed_at, older.window_end - older.window_start)
