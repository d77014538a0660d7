-- One row per coupon issued, stamped as it leaves.
CREATE TEMPORARY VIEW triggers AS
SELECT decision_id AS coupon_id, shopper_id, campaign_id, rule, cause_event_id, offer, discount_percent, discount_minor,
       currency, product_id, category, membership_tier, favourite_category, basket_minor, lane,
       TO_TIMESTAMP_LTZ(occurred_ms, 3) AS occurred_at,
       TO_TIMESTAMP_LTZ(published_ms, 3) AS published_at,
       TO_TIMESTAMP_LTZ(due_ms, 3) AS due_at,
       TO_TIMESTAMP_LTZ(read_ms, 3) AS read_at,
       TO_TIMESTAMP_LTZ(decided_ms, 3) AS decided_at,
       CAST(CURRENT_TIMESTAMP AS TIMESTAMP_LTZ(3)) AS sent_at,
       TO_TIMESTAMP_LTZ(expires_ms, 3) AS expires_at,
       campaign_version, kind, points, cost_minor, issue_number, sent_before
FROM governed
WHERE outcome = 'issued';

-- What was read back from the topic after a failure is there already; what lands with a checkpoint is not.
INSERT INTO coupon_topic
SELECT coupon_id, shopper_id, campaign_id, rule, cause_event_id, offer, discount_percent, discount_minor,
       currency, product_id, category, membership_tier, favourite_category, basket_minor, lane, occurred_at,
       published_at, due_at, read_at, decided_at, sent_at, expires_at, campaign_version, kind, points, cost_minor,
       issue_number
FROM triggers
WHERE NOT sent_before;

INSERT INTO coupons
SELECT coupon_id, shopper_id, campaign_id, rule, cause_event_id, offer, discount_percent, discount_minor,
       currency, product_id, category, membership_tier, favourite_category, basket_minor, lane, occurred_at,
       published_at, due_at, read_at, decided_at, sent_at, expires_at, campaign_version, kind, points, cost_minor,
       issue_number
FROM triggers;

-- One row per candidate and campaign: what became of it.
INSERT INTO decisions
SELECT decision_id, campaign_id, campaign_version, shopper_id, membership_tier, rule, cause_event_id, outcome, offer,
       kind, cost_minor, currency, lane, score,
       TO_TIMESTAMP_LTZ(occurred_ms, 3) AS occurred_at,
       TO_TIMESTAMP_LTZ(due_ms, 3) AS due_at,
       TO_TIMESTAMP_LTZ(decided_ms, 3) AS decided_at,
       features, basket_minor, chosen_by, `model`, model_version, propensity, choice_probability
FROM governed;
