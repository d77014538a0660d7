-- One row per visit in the files: what their rows add up to. A row is an event, or itself such a row of fewer files.
-- So compaction keeps the answer over one file beside it (visits.py), and the sums of sums are those of the events.
-- Whatever is of the first or last event that has it goes along with its moment; of several at one moment it is the
-- first or last by the alphabet, that the answer is the same whatever lies in which file.
-- taken has a bit for each step of the funnel: one aggregate instead of four, most of what a funnel costs.
CREATE MACRO visits(files) AS TABLE
WITH parts AS (
    SELECT
        shopper_id,
        session_id,
        coalesce(started_at, occurred_at) AS started_at,
        coalesce(ended_at, occurred_at) AS ended_at,
        source,
        coalesce(source_at, occurred_at) AS source_at,
        campaign_id,
        coalesce(campaign_at, occurred_at) AS campaign_at,
        membership_tier,
        coalesce(tier_at, occurred_at) AS tier_at,
        coalesce(events, 1) AS events,
        coalesce(views, (event_type = 'product_viewed')::BIGINT, 0) AS views,
        coalesce(adds, (event_type = 'product_added')::BIGINT, 0) AS adds,
        coalesce(checkouts, (event_type = 'checkout_started')::BIGINT, 0) AS checkouts,
        CASE WHEN event_type = 'order_completed' AND order_id IS NOT NULL THEN [order_id] ELSE order_ids END
            AS order_ids,
        coalesce(taken, CASE event_type
            WHEN 'product_viewed' THEN 1
            WHEN 'product_added' THEN 2
            WHEN 'checkout_started' THEN 4
            WHEN 'order_completed' THEN 8
            ELSE 0
        END::UTINYINT) AS taken
    FROM (
        FROM contract.visits
        UNION ALL BY NAME
        FROM read_parquet(files, union_by_name = true, hive_partitioning = false, allow_empty = true)
    )
)
SELECT
    shopper_id,
    session_id,
    min(started_at) AS started_at,
    max(ended_at) AS ended_at,
    arg_min(source, (source_at, source)) AS source,
    min(source_at) FILTER (source IS NOT NULL) AS source_at,
    arg_min(campaign_id, (campaign_at, campaign_id)) AS campaign_id,
    min(campaign_at) FILTER (campaign_id IS NOT NULL) AS campaign_at,
    arg_max(membership_tier, (tier_at, membership_tier)) AS membership_tier,
    max(tier_at) FILTER (membership_tier IS NOT NULL) AS tier_at,
    sum(events)::BIGINT AS events,
    sum(views)::BIGINT AS views,
    sum(adds)::BIGINT AS adds,
    sum(checkouts)::BIGINT AS checkouts,
    list_distinct(flatten(list(order_ids) FILTER (order_ids IS NOT NULL))) AS order_ids,
    bit_or(taken) AS taken
FROM parts
GROUP BY shopper_id, session_id
