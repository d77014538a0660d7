-- One row per ten seconds with an event of the range whose conversion figures are not those of the landed events.
SELECT 'uncounted' AS kind, window_start::VARCHAR AS id,
    windows.events || ' landed events give ' || from_events || ', conversion has ' || coalesce(from_stream::VARCHAR, 'no figure')
        AS what
FROM windows
SEMI JOIN (
    SELECT time_bucket(INTERVAL '10 seconds', seen.occurred_at) AS window_start
    FROM fates JOIN seen USING (message_id)
    WHERE conversion = 'uncounted'
) AS asked USING (window_start)
ORDER BY window_start
