-- One row: what became of the claims that publish() accepted, by what landed and by what the subscriber received.
WITH
-- Where VIPs are apart, another job answers these, and gives of stocks of its own.
of_vips AS (
    SELECT event_id FROM events WHERE $apart AND membership_tier = 'vip'
),
claims AS (
    SELECT event_id, shopper_id
    FROM events
    SEMI JOIN accepted ON event_id = id
    WHERE event_type = 'qr_scanned' OR (event_type = 'red_envelope_claimed' AND store_id IS NULL)
),
answers AS (
    SELECT cause_event_id AS event_id, shopper_id, decision_id, offer, outcome, cause_event_id IN (FROM of_vips) AS vip
    FROM decisions
    WHERE campaign_id = $campaign
),
received AS (
    SELECT DISTINCT coupon_id, cause_event_id AS event_id, shopper_id, offer, cause_event_id IN (FROM of_vips) AS vip
    FROM effects
    WHERE campaign_id = $campaign
),
taken AS (
    SELECT *, (SELECT count(*) FROM received WHERE received.vip = stocks.vip AND received.offer = stocks.offer) AS given
    FROM stocks
),
-- An envelope, or the draw that a shopper had for it.
had AS (
    SELECT shopper_id FROM answers WHERE outcome IN ('issued', 'no_luck') UNION SELECT shopper_id FROM received
)
SELECT
    (SELECT count(*) FROM claims) AS made,
    (SELECT count(*) FROM received) AS issued,
    (SELECT count(*) FROM claims ANTI JOIN answers USING (event_id) ANTI JOIN received USING (event_id)) AS unanswered,
    (SELECT count(*) FROM received WHERE coupon_id NOT IN (SELECT decision_id FROM answers WHERE outcome = 'issued'))
        AS not_landed,
    -- Two envelopes, or an envelope and a refusal.
    (SELECT count(*) - count(DISTINCT event_id) FROM received)
        + (SELECT count(*) FROM answers SEMI JOIN received USING (event_id) WHERE outcome <> 'issued')
        AS answered_twice,
    (SELECT count(*) - count(DISTINCT shopper_id) FROM received) AS beyond_one_a_shopper,
    (SELECT coalesce(sum(greatest(given - pieces, 0)), 0)::BIGINT FROM taken) AS overspent,
    (SELECT coalesce(sum(greatest(given - pieces, 0)), 0)::BIGINT FROM taken WHERE vip) AS overspent_by_vips,
    (SELECT coalesce(sum(greatest(pieces - given, 0)), 0)::BIGINT FROM taken) AS left_over,
    (SELECT count(*) FROM answers ANTI JOIN (FROM taken WHERE given >= pieces) USING (vip, offer)
        WHERE outcome = 'out_of_budget')
        + (SELECT count(*) FROM answers WHERE outcome = 'capped' AND shopper_id NOT IN (SELECT shopper_id FROM had))
        + (SELECT count(*) FROM answers WHERE outcome NOT IN ('issued', 'no_luck', 'capped', 'out_of_budget'))
        AS wrongly_refused
