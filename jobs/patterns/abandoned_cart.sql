-- One row per shopper who added something and then did nothing for :abandoned_after, counted from arrival.
SELECT 'abandoned_cart' AS rule, shopper_id, cart.campaign_id, cart.cause_event_id, cart.product_id, cart.category,
       cart.price_minor, cart.currency, cart.membership_tier, favourite_category, cart.basket_minor,
       cart.occurred_ms, cart.published_ms, due_ms, cart.read_ms
FROM (
    SELECT shopper_id,
           CART(event_type, event_id, product_id, category, quantity, price_minor, currency, membership_tier,
                campaign_id, occurred_ms, published_ms, read_ms) AS cart,
           FAVOURITE(category) AS favourite_category,
           EPOCH_MS(CAST(SESSION_END(arrived, :abandoned_after) AS TIMESTAMP_LTZ(3))) AS due_ms
    FROM deliveries
    GROUP BY shopper_id, SESSION(arrived, :abandoned_after)
)
WHERE cart.cause_event_id IS NOT NULL
