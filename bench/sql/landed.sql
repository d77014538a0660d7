-- One row per fiftieth view: what a campaign decided, one in five held out.
SELECT event_id AS decision_id, 'new-year' AS campaign_id, 1::INTEGER AS campaign_version, shopper_id,
    membership_tier, 'hesitation' AS rule, event_id AS cause_event_id,
    CASE hash(shopper_id) % 5 WHEN 0 THEN 'held_out' ELSE 'issued' END AS outcome,
    'product_percent_off' AS offer, 'coupon' AS kind, (price_minor // 20)::BIGINT AS cost_minor, 'CNY' AS currency,
    'normal' AS lane, 1.0::DOUBLE AS score, occurred_at, occurred_at AS due_at, occurred_at AS decided_at
FROM read_parquet($events)
WHERE event_type = 'product_viewed' AND hash(event_id) % 50 = 0 AND $start IS NOT NULL
ORDER BY occurred_at;

-- One row per window that starts in the hour and value.
SELECT kind AS window_kind, $start + to_seconds(slot * every_s) AS window_start,
    $start + to_seconds(slot * every_s + length_s) AS window_end,
    CASE value WHEN 0 THEN 'all' ELSE 'product' END AS dimension,
    CASE value WHEN 0 THEN 'all' ELSE format('product-{:04}', value) END AS value,
    100 + value AS viewers, 10 + value // 10 AS adders, 5 + value // 20 AS checkouts, 2 + value // 40 AS buyers,
    2 + value // 40 AS orders, (990 * value)::BIGINT AS revenue_minor,
    adders / viewers AS add_rate, checkouts / adders AS checkout_rate, buyers / checkouts AS buy_rate,
    buyers / viewers AS conversion_rate, window_end AS computed_at
FROM (VALUES ('tumble_10s', 10, 10), ('tumble_1m', 60, 60), ('hop_5m', 60, 300)) AS kinds (kind, every_s, length_s),
    range(400) AS figures (value), range(360) AS slots (slot)
WHERE slot * every_s < 3600
ORDER BY window_start
