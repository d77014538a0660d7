-- One row per message: what a shopper's activity is made of, once those that are no first delivery are left out.
SELECT verdict, shopper_id, message_id, event_id, event_type, product_id, category, quantity, price_minor, currency,
       campaign_id, store_id, membership_tier, occurred_at, published_at, read_at, order_id, coupon_id
FROM clicks
