-- One row per coupon: its first decision. A replay may land the same coupon again, never another one.
FROM landed('coupons')
QUALIFY row_number() OVER (PARTITION BY coupon_id ORDER BY decided_at) = 1
