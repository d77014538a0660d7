-- One row per candidate and campaign: what first became of it. A replay may decide the same again.
FROM landed('decisions')
QUALIFY row_number() OVER (PARTITION BY decision_id ORDER BY decided_at) = 1
