-- One row per campaign: how many decisions ended as issued, held out or past their deadline, and what the issued cost.
SELECT
    campaign_id AS campaign,
    count(*) FILTER (outcome = 'issued') AS issued,
    count(*) FILTER (outcome = 'held_out') AS held_out,
    count(*) FILTER (outcome = 'past_deadline') AS past_deadline,
    coalesce(sum(cost_minor) FILTER (outcome = 'issued'), 0)::BIGINT AS cost_minor
FROM decisions
GROUP BY campaign_id
