-- One row per coupon: when the broker took the event that caused it.
SELECT coupons.coupon_id, epoch_ms(appended_at) AS appended_ms
FROM coupons
JOIN events ON event_id = cause_event_id
WHERE epoch_ms(coupons.occurred_at) >= $since_ms
