-- One row per coupon decided, stamped as it leaves.
CREATE TEMPORARY VIEW triggers AS
SELECT coupon_id, shopper_id, campaign_id, rule, cause_event_id, offer, discount_percent, discount_minor, currency,
       product_id, category, membership_tier, favourite_category, basket_minor, lane,
       TO_TIMESTAMP_LTZ(occurred_ms, 3) AS occurred_at,
       TO_TIMESTAMP_LTZ(published_ms, 3) AS published_at,
       TO_TIMESTAMP_LTZ(due_ms, 3) AS due_at,
       TO_TIMESTAMP_LTZ(read_ms, 3) AS read_at,
       TO_TIMESTAMP_LTZ(decided_ms, 3) AS decided_at,
       CAST(CURRENT_TIMESTAMP AS TIMESTAMP_LTZ(3)) AS sent_at,
       TO_TIMESTAMP_LTZ(expires_ms, 3) AS expires_at,
       CAST(NULL AS INT) AS campaign_version, 'coupon' AS kind, CAST(0 AS BIGINT) AS points,
       CAST(0 AS BIGINT) AS cost_minor, CAST(NULL AS BIGINT) AS issue_number
FROM decisions;

INSERT INTO coupon_topic SELECT * FROM triggers;

INSERT INTO coupons SELECT * FROM triggers;
