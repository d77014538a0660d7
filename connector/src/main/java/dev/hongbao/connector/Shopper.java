package dev.hongbao.connector;

import java.util.Arrays;

/**
 * What is remembered of a shopper: the newest events, the favourite category, the open basket; and, for longer, the
 * orders, the prices seen and the features of the offers' choice.
 *
 * <p>At most {@value #MOST_EVENTS} events and {@value #MOST_CATEGORIES} categories, so a bot costs no
 * more than a shopper. Public fields because Flink's POJO format carries them over an upgrade that adds one.
 */
public class Shopper {

  /** How many of the newest events are kept. */
  public static final int MOST_EVENTS = 64;

  /** How many categories are counted apart. */
  public static final int MOST_CATEGORIES = 16;

  private static final String[] NOTHING = {};
  private static final long[] NO_NUMBERS = {};
  private static final long NEVER = Long.MIN_VALUE;

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

  /** The most that the open basket was worth. */
  public long basketPeakMinor;

  /** What outlives the rest: null before an order, before a look at a price, and of before there were profiles. */
  public Buyer buyer;
  public Looks looks;
  public Profile profile;

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
      int places = Math.max(4, 2 * size);
      types = Arrays.copyOf(types, places);
      products = Arrays.copyOf(products, places);
      pricesMinor = Arrays.copyOf(pricesMinor, places);
      occurredMs = Arrays.copyOf(occurredMs, places);
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
    basketPeakMinor = Math.max(basketPeakMinor, basketMinor);
    added = event;
  }

  /** Takes out of the basket; at 0 it is empty. */
  void remove(long valueMinor) {
    basketMinor = Math.max(0, basketMinor - valueMinor);
    if (basketMinor == 0) {
      empty();
    }
  }

  /** Empties the basket: it was bought, or its last piece taken out. */
  void empty() {
    basketMinor = 0;
    basketPeakMinor = 0;
    added = null;
  }

  /** Forgets all but the buyer, the looks and the profile, and takes no more room than they do. */
  void forget() {
    size = 0;
    types = NOTHING;
    products = NOTHING;
    pricesMinor = NO_NUMBERS;
    occurredMs = NO_NUMBERS;
    categories = NOTHING;
    counts = NO_NUMBERS;
    empty();
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
      if (isOneOf(resets, types[i])) {
        return hits;
      }
    }
    return hits;
  }

  /**
   * Whether the newest event is the last of the steps, and the others came before it in this order, by arrival.
   *
   * <p>Other events may lie between. Steps that were completed once do not count again: who goes through the last step
   * twice completes once.
   *
   * @param steps event types, first step first
   * @param resets event types after which the steps begin anew; one that is a step too is a step
   * @param product only events of this product are steps or reset; null for any
   * @param withinMs from the first step to the last at most, by event time
   */
  boolean completes(String[] steps, String[] resets, String product, long withinMs) {
    // By number of steps done: when the latest first step was, of all the ways that lead so far.
    long[] begunMs = new long[steps.length];
    Arrays.fill(begunMs, NEVER);
    boolean completed = false;
    for (int i = 0; i < size; i++) {
      if (product != null && !product.equals(products[i])) {
        continue;
      }
      completed = step(steps, types[i], occurredMs[i], begunMs, withinMs);
      if (completed || !isOneOf(steps, types[i]) && isOneOf(resets, types[i])) {
        Arrays.fill(begunMs, NEVER);
      }
    }
    return completed && (product == null || product.equals(products[size - 1]));
  }

  /** Goes on with an event from every number of steps done; whether the last step was that. */
  private static boolean step(String[] steps, String type, long atMs, long[] begunMs, long withinMs) {
    // The later steps first: one event is one step.
    for (int done = steps.length - 1; done >= 0; done--) {
      long firstMs = done == 0 ? atMs : begunMs[done];
      if (!steps[done].equals(type) || firstMs == NEVER) {
        continue;
      }
      if (done + 1 < steps.length) {
        begunMs[done + 1] = Math.max(begunMs[done + 1], firstMs);
      } else if (atMs - firstMs <= withinMs) {
        return true;
      }
    }
    return false;
  }

  private static boolean isOneOf(String[] types, String type) {
    for (String one : types) {
      if (one.equals(type)) {
        return true;
      }
    }
    return false;
  }
}
