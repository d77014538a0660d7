-- One row: a campaign's decisions by the versions before $version and by it, and how long after its publication.
SELECT
    count(*) FILTER (campaign_version < $version) AS before,
    count(*) FILTER (campaign_version = $version) AS after,
    date_diff('millisecond', $applied_at::TIMESTAMPTZ, min(decided_at) FILTER (campaign_version = $version)) AS taken_up_ms,
    date_diff('millisecond', $applied_at::TIMESTAMPTZ, max(decided_at) FILTER (campaign_version < $version)) AS old_ms
FROM decisions
WHERE campaign_id = $campaign
