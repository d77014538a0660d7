-- One row per model version that chose offers lately: how many decisions, how many to explore, and when the last.
SELECT
    model || ' ' || model_version AS model,
    count(*) AS decisions,
    count(*) FILTER (chosen_by = 'exploration') AS explored,
    avg(propensity) AS expected,
    max(decided_at) AS last_at
FROM decisions
WHERE model IS NOT NULL
GROUP BY ALL
ORDER BY last_at DESC
