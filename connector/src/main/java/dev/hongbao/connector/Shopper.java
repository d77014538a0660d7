package dev.hongbao.connector;

import java.util.Arrays;

/**
 * What is remembered of a shopper: the newest events, the favourite category, the open basket.
 *
 * <p>At most {@value #MOST_EVENTS} events and {@value #MOST_CATEGORIES} categories, so a bot costs no
 * more than a shopper. Public fields because Flink's POJO format carries them over an upgrade that adds one.
 */
public class Shopper {

  /** How many of the newest events are kept. */
  public static final int MOST_EVENTS = 64;

  /** How many categories are counted apart. */
  public static final int MOST_CATEGORIES = 16;

  /** The newest events by arrival, oldest first; only the first {@code size} places are used. */
  public int size;
  public String[] types = new String[4];
  public String[] products = new String[4];
  public long[] pricesMinor = new long[4];
  public long[] occurredMs = new long[4];

  /** Categories and how often each came, the latest last. */
  public String[] categories = new String[0];
  public long[] counts = new long[0];

  /** The basket's value, and the event that added to it last: null while the basket is empty. */
  public long basketMinor;
  public Added added;

  /** When the last event arrived, and when the next timer is due; 0 without one. */
  public long arrivedMs;
  public long timerMs;

  /** An event that added to the basket. */
  public static class Added {
    public String eventId;
    public String productId;
    public String category;
    public Long priceMinor;
    public String currency;
    public String campaignId;
    public String storeId;
    public String membershipTier;
    public long occurredMs;
    public long publishedMs;
    public long readMs;
  }

  /** Takes an event as the newest; {@code product} may be null. */
  void remember(String type, String product, long priceMinor, long atMs) {
    if (size == MOST_EVENTS) {
      size--;
      System.arraycopy(types, 1, types, 0, size);
      System.arraycopy(products, 1, products, 0, size);
      System.arraycopy(pricesMinor, 1, pricesMinor, 0, size);
      System.arraycopy(occurredMs, 1, occurredMs, 0, size);
    } else if (size == types.length) {
      types = Arrays.copyOf(types, 2 * size);
      products = Arrays.copyOf(products, 2 * size);
      pricesMinor = Arrays.copyOf(pricesMinor, 2 * size);
      occurredMs = Arrays.copyOf(occurredMs, 2 * size);
    }
    types[size] = type;
    products[size] = product;
    pricesMinor[size] = priceMinor;
    occurredMs[size] = atMs;
    size++;
  }

  /** Counts a category; a new one beyond the bound takes the place and the count of the rarest. */
  void like(String category) {
    // Metwally, Agrawal, El Abbadi: Efficient Computation of Frequent and Top-k Elements, 2005.
    int at = Arrays.asList(categories).indexOf(category);
    long before = at < 0 ? 0 : counts[at];
    if (at < 0 && categories.length < MOST_CATEGORIES) {
      categories = Arrays.copyOf(categories, categories.length + 1);
      counts = Arrays.copyOf(counts, counts.length + 1);
      at = categories.length - 1;
    } else if (at < 0) {
      at = rarest();
      before = counts[at];
    }
    int last = categories.length - 1;
    System.arraycopy(categories, at + 1, categories, at, last - at);
    System.arraycopy(counts, at + 1, counts, at, last - at);
    categories[last] = category;
    counts[last] = before + 1;
  }

  /** Gives the category met most, the latest of several; null before the first. */
  String favourite() {
    int best = -1;
    for (int i = 0; i < counts.length; i++) {
      if (best < 0 || counts[i] >= counts[best]) {
        best = i;
      }
    }
    return best < 0 ? null : categories[best];
  }

  private int rarest() {
    int rarest = 0;
    for (int i = 1; i < counts.length; i++) {
      if (counts[i] < counts[rarest]) {
        rarest = i;
      }
    }
    return rarest;
  }

  /** Puts into the basket. */
  void add(Added event, long valueMinor) {
    basketMinor += valueMinor;
    added = event;
  }

  /** Takes out of the basket; at 0 it is empty. */
  void remove(long valueMinor) {
    basketMinor = Math.max(0, basketMinor - valueMinor);
    if (basketMinor == 0) {
      added = null;
    }
  }

  /** Empties the basket: it was bought. */
  void order() {
    basketMinor = 0;
    added = null;
  }

  /**
   * Counts the newest hits in a row: back from the newest event until a reset or an event too old.
   *
   * @param hit the event type that counts
   * @param resets event types that end the row
   * @param product only events of this product hit or reset; null for any
   * @param leastMinor only hits at this price or above count; null for any
   * @param withinMs only hits at most so long before the newest event count, by event time
   */
  int streak(String hit, String[] resets, String product, Long leastMinor, long withinMs) {
    int hits = 0;
    long oldestMs = size == 0 ? 0 : occurredMs[size - 1] - withinMs;
    for (int i = size - 1; i >= 0; i--) {
      if (product != null && !product.equals(products[i])) {
        continue;
      }
      if (types[i].equals(hit)) {
        hits += occurredMs[i] >= oldestMs && (leastMinor == null || pricesMinor[i] >= leastMinor) ? 1 : 0;
        continue;
      }
      for (String reset : resets) {
        if (types[i].equals(reset)) {
          return hits;
        }
      }
    }
    return hits;
  }
}
