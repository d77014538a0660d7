-- One row per receipt in the subscribers' files.
SELECT coupon_id, make_timestamptz(received_ms * 1000) AS received_at, coalesce(repeat, false) AS repeat, filename AS file
FROM read_json(
    $files,
    format = 'newline_delimited',
    columns = {coupon_id: 'VARCHAR', received_ms: 'BIGINT', repeat: 'BOOLEAN'},
    filename = true
)
