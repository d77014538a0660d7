-- One row per first delivery of an event, in the order of arrival: what a shopper's activity is made of.
SELECT shopper_id, event_id, event_type, product_id, category, quantity, price_minor, currency, campaign_id,
       membership_tier, occurred_at, published_at, read_at
FROM clicks
WHERE verdict = 'ok'
