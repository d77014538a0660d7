-- One row per event that a day's candidate may be of: what was known of its shopper then, and the newest categories.
SELECT event_id, features_text(known, NULL::VARCHAR) AS features, newest_categories
FROM features($currency, $remember_buyers, $remember_visitors) AS known
WHERE appended_at >= $since
    AND appended_at < $until
