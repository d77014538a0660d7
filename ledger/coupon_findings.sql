-- One row per coupon that a subscriber lacks, acted on twice, or got without its decision having landed.
SELECT 'coupon_lost' AS kind, coupon_id AS id,
    'decided ' || decided_at || ', sent ' || coalesce(sent_at::VARCHAR, 'never') || ', not received by '
        || array_to_string(list_filter($files, lambda file: NOT list_contains(coupon_fates.files, file)), ', ') AS what
FROM coupon_fates
WHERE decided_at IS NOT NULL AND len(files) < len($files) AND ($settled OR sent_at < $young)
UNION ALL
SELECT 'coupon_doubled', coupon_id,
    'received ' || (unmarked + 1) || ' times and not dropped as a repeat, by ' || array_to_string(files, ', ')
FROM coupon_fates
WHERE unmarked > 0
UNION ALL
SELECT 'coupon_not_landed', coupon_id,
    'received ' || received_at || ' by ' || array_to_string(files, ', ') || ', but no decision landed'
FROM coupon_fates
WHERE decided_at IS NULL AND ($settled OR received_at < $young)
