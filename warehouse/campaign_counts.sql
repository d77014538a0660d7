-- One row per campaign and currency: how many candidates it had, what became of them, and what they cost.
SELECT
    campaign_id,
    currency,
    count(*) AS triggered,
    count(*) FILTER (outcome = 'issued') AS issued,
    count(*) FILTER (outcome = 'held_out') AS held_out,
    count(*) FILTER (outcome = 'no_luck') AS no_luck,
    count(*) FILTER (outcome = 'past_deadline') AS past_deadline,
    count(*) FILTER (outcome = 'capped') AS capped,
    count(*) FILTER (outcome = 'cooled_down') AS cooled_down,
    count(*) FILTER (outcome = 'excluded') AS excluded,
    count(*) FILTER (outcome = 'out_of_budget') AS out_of_budget,
    count(*) FILTER (outcome = 'outranked') AS outranked,
    sum(cost_minor)::BIGINT AS cost_minor
FROM decisions
GROUP BY campaign_id, currency
