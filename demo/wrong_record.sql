-- One row: a campaign's decisions by the version $version that is none, and by any other since $applied_at.
SELECT
    count(*) FILTER (campaign_version < $version AND decided_at > $applied_at::TIMESTAMPTZ) AS decisions_after,
    count(*) FILTER (campaign_version >= $version) AS by_it
FROM decisions
WHERE campaign_id = $campaign
