package dev.hongbao.connector;

import java.util.Arrays;

/**
 * What the choice of an offer goes by, of a shopper: counts and sums over all events since the shopper was forgotten
 * last, as long as a buyer is remembered.
 *
 * <p>Whole numbers and nothing that fades with the clock, so that warehouse/features.sql finds the very same in the
 * landed events; {@link Buyer} knows the orders. Money is the shop's currency alone. A POJO of Flink's, as {@link Shopper}
 * is.
 */
public class Profile {

  /** Of so many of the newest events that name a category it is remembered which. */
  public static final int MOST_CATEGORIES = 16;

  /** A sum goes no further: JSON's numbers are exact up to here. */
  public static final long MOST_MINOR = 1_000_000_000_000_000L;

  /** How many events came, and the latest event time of them. */
  public long events;
  public long seenMs;

  /** Lines of orders, those that name a coupon, and the pieces and their worth. */
  public long lines;
  public long couponLines;
  public long pieces;
  public long spentMinor;

  /** Views of products with a price, and the sum of the prices; what was put into a basket. */
  public long looks;
  public long lookedMinor;
  public long adds;

  /** Hashes of the categories that the newest events named, oldest first. */
  public long[] categories = new long[0];

  /** Counts an event. */
  void see(long atMs, String category) {
    events++;
    seenMs = Math.max(seenMs, atMs);
    if (category == null) {
      return;
    }
    if (categories.length < MOST_CATEGORIES) {
      categories = Arrays.copyOf(categories, categories.length + 1);
    } else {
      System.arraycopy(categories, 1, categories, 0, MOST_CATEGORIES - 1);
    }
    categories[categories.length - 1] = Buyer.hash(category);
  }

  /** Counts a view of a product; {@code ours} is whether the price is in the shop's currency. */
  void look(boolean ours, long priceMinor) {
    if (ours) {
      looks++;
      lookedMinor = Math.min(MOST_MINOR, lookedMinor + priceMinor);
    }
  }

  /** Counts what is put into a basket. */
  void add() {
    adds++;
  }

  /** Counts a line of an order. */
  void buy(boolean ours, boolean withCoupon, long quantity, long priceMinor) {
    lines++;
    couponLines += withCoupon ? 1 : 0;
    if (ours) {
      pieces += quantity;
      spentMinor = Math.min(MOST_MINOR, spentMinor + quantity * priceMinor);
    }
  }

  /**
   * Gives the features as one JSON object.
   *
   * @param buyer null before the first order
   * @param category of what the offer is about; null where it is of none
   */
  String text(Buyer buyer, String category) {
    StringBuilder text = new StringBuilder(256);
    number(text.append('{'), "events", events);
    number(text.append(','), "since_order_ms", buyer == null ? null : seenMs - buyer.orderedMs);
    number(text.append(','), "orders", buyer == null ? 0 : buyer.orders);
    number(text.append(','), "lines", lines);
    number(text.append(','), "coupon_lines", couponLines);
    number(text.append(','), "pieces", pieces);
    number(text.append(','), "spent_minor", spentMinor);
    number(text.append(','), "looks", looks);
    number(text.append(','), "looked_minor", lookedMinor);
    number(text.append(','), "adds", adds);
    number(text.append(','), "newest_categories", (long) categories.length);
    number(text.append(','), "of_category", category == null ? null : of(category));
    return text.append('}').toString();
  }

  private static void number(StringBuilder text, String name, Long value) {
    text.append('"').append(name).append("\":").append(value);
  }

  private Long of(String category) {
    long hash = Buyer.hash(category);
    return Arrays.stream(categories).filter(one -> one == hash).count();
  }
}
