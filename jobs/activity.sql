-- Functions of the connector's jar.
CREATE TEMPORARY SYSTEM FUNCTION EPOCH_MS AS 'dev.hongbao.connector.functions.EpochMsFunction';
CREATE TEMPORARY SYSTEM FUNCTION STREAK AS 'dev.hongbao.connector.functions.StreakFunction';
CREATE TEMPORARY SYSTEM FUNCTION FAVOURITE AS 'dev.hongbao.connector.functions.FavouriteFunction';
CREATE TEMPORARY SYSTEM FUNCTION CART AS 'dev.hongbao.connector.functions.CartFunction';

-- One row per first delivery of an event, its times as milliseconds, in the order of arrival.
CREATE TEMPORARY VIEW deliveries AS
SELECT shopper_id, event_id, event_type, product_id, category, quantity, price_minor, currency, campaign_id,
       membership_tier, EPOCH_MS(occurred_at) AS occurred_ms, EPOCH_MS(published_at) AS published_ms,
       EPOCH_MS(read_at) AS read_ms, arrived
FROM clicks
WHERE verdict = 'ok';

-- The same with what is known of the shopper so far. Patterns read this.
CREATE TEMPORARY VIEW activity AS
SELECT shopper_id, event_id, event_type, product_id, category, price_minor, currency, campaign_id, membership_tier,
       occurred_ms, published_ms, read_ms, arrived, favourite_category, COALESCE(cart.basket_minor, 0) AS basket_minor
FROM (
    SELECT *,
           FAVOURITE(category) OVER shopper AS favourite_category,
           CART(event_type, event_id, product_id, category, quantity, price_minor, currency, membership_tier,
                campaign_id, occurred_ms, published_ms, read_ms) OVER shopper AS cart
    FROM deliveries
    WINDOW shopper AS (PARTITION BY shopper_id ORDER BY arrived)
);
