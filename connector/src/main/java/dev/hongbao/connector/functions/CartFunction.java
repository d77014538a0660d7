package dev.hongbao.connector.functions;

import org.apache.flink.table.annotation.DataTypeHint;
import org.apache.flink.table.annotation.FunctionHint;
import org.apache.flink.table.functions.AggregateFunction;
import org.apache.flink.types.Row;

/**
 * Keeps a shopper's open basket: its value, and the last product added, which is the cause of a coupon for it.
 *
 * <p>NULL while nothing was added since the last order. A product removed lowers the value, to 0 at
 * the least; when it reaches 0 the basket is closed.
 */
@FunctionHint(
    output =
        @DataTypeHint(
            "ROW<cause_event_id STRING, product_id STRING, category STRING, basket_minor BIGINT, price_minor BIGINT,"
                + " currency STRING, membership_tier STRING, campaign_id STRING, occurred_ms BIGINT,"
                + " published_ms BIGINT, read_ms BIGINT>"))
public final class CartFunction extends AggregateFunction<Row, CartFunction.Cart> {

  /** The basket; {@code causeEventId} is null while it is closed. */
  public static class Cart {
    public long basketMinor;
    public String causeEventId;
    public String productId;
    public String category;
    public long priceMinor;
    public String currency;
    public String membershipTier;
    public String campaignId;
    public long occurredMs;
    public long publishedMs;
    public long readMs;
    /** Whether an order came in this part, so that a merge forgets what was before it. */
    public boolean ordered;
  }

  @Override
  public Cart createAccumulator() {
    return new Cart();
  }

  @Override
  public Row getValue(Cart cart) {
    if (cart.causeEventId == null) {
      return null;
    }
    return Row.of(
        cart.causeEventId, cart.productId, cart.category, cart.basketMinor, cart.priceMinor, cart.currency,
        cart.membershipTier, cart.campaignId, cart.occurredMs, cart.publishedMs, cart.readMs);
  }

  /** Takes one event; prices in minor units, times in milliseconds since 1970. */
  public void accumulate(
      Cart cart, String eventType, String eventId, String productId, String category, Integer quantity,
      Long priceMinor, String currency, String membershipTier, String campaignId, Long occurredMs,
      Long publishedMs, Long readMs) {
    long value = (quantity == null ? 1L : quantity) * (priceMinor == null ? 0L : priceMinor);
    switch (eventType) {
      case "product_added" -> {
        cart.basketMinor += value;
        cart.causeEventId = eventId;
        cart.productId = productId;
        cart.category = category;
        cart.priceMinor = priceMinor == null ? 0L : priceMinor;
        cart.currency = currency;
        cart.membershipTier = membershipTier;
        cart.campaignId = campaignId;
        cart.occurredMs = occurredMs;
        cart.publishedMs = publishedMs;
        cart.readMs = readMs;
      }
      case "product_removed" -> {
        cart.basketMinor = Math.max(0, cart.basketMinor - value);
        if (cart.basketMinor == 0) {
          close(cart);
        }
      }
      case "order_completed" -> {
        close(cart);
        cart.ordered = true;
      }
      default -> {}
    }
  }

  /** Joins parts of one session; the parts come oldest first. */
  public void merge(Cart cart, Iterable<Cart> parts) {
    for (Cart part : parts) {
      if (part.ordered) {
        close(cart);
        cart.ordered = true;
      }
      if (part.causeEventId != null) {
        cart.basketMinor += part.basketMinor;
        cart.causeEventId = part.causeEventId;
        cart.productId = part.productId;
        cart.category = part.category;
        cart.priceMinor = part.priceMinor;
        cart.currency = part.currency;
        cart.membershipTier = part.membershipTier;
        cart.campaignId = part.campaignId;
        cart.occurredMs = part.occurredMs;
        cart.publishedMs = part.publishedMs;
        cart.readMs = part.readMs;
      }
    }
  }

  private static void close(Cart cart) {
    cart.basketMinor = 0;
    cart.causeEventId = null;
  }
}
