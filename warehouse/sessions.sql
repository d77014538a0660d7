-- One row per visit as the client counts it: a shopper's events with one session_id, late ones included.
-- steps is how many steps of the funnel were taken without leaving one out: view, add, checkout, order.
-- visit_files is Python's (files.py), asked anew by every query; file_search_path holds the warehouse's folder.
SELECT
    shopper_id,
    session_id,
    started_at,
    ended_at,
    source,
    campaign_id,
    membership_tier,
    events,
    views,
    adds,
    checkouts,
    coalesce(len(order_ids), 0) AS orders,
    CASE
        WHEN (taken & 1) = 0 THEN 0
        WHEN (taken & 2) = 0 THEN 1
        WHEN (taken & 4) = 0 THEN 2
        WHEN (taken & 8) = 0 THEN 3
        ELSE 4
    END AS steps
FROM visits(visit_files(current_setting('file_search_path')))
