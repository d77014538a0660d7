package dev.hongbao.connector;

import java.util.Arrays;

/**
 * What is remembered of a shopper who bought, long after the rest is forgotten: how many orders, and when the last.
 *
 * <p>Times are event times, so a replay counts the same. A POJO of Flink's, as {@link Shopper} is.
 */
public class Buyer {

  /** How many of the newest orders are told apart: another line of one of them is no further order. */
  public static final int MOST_ORDERS = 8;

  /** How many orders came. */
  public long orders;

  /** When the newest order was placed, and when the shopper was seen last. */
  public long orderedMs;
  public long seenMs;

  /** Hashes of the newest orders' ids, oldest first. */
  public long[] newest = new long[0];

  /** Takes a line of an order; gives the order's number from 1, or null where the order was counted before. */
  Long order(String orderId, long atMs) {
    orderedMs = Math.max(orderedMs, atMs);
    seenMs = Math.max(seenMs, atMs);
    long hash = hash(orderId);
    for (long known : newest) {
      if (known == hash) {
        return null;
      }
    }
    if (newest.length < MOST_ORDERS) {
      newest = Arrays.copyOf(newest, newest.length + 1);
    } else {
      System.arraycopy(newest, 1, newest, 0, MOST_ORDERS - 1);
    }
    newest[newest.length - 1] = hash;
    return ++orders;
  }

  /** Notes that the shopper is there. */
  void see(long atMs) {
    seenMs = Math.max(seenMs, atMs);
  }

  /** Gives how long after the last order the shopper was seen last. */
  long orderAgeMs() {
    return seenMs - orderedMs;
  }

  /** Gives 64 bits of a text, the same in every JVM; of two nulls the same. */
  static long hash(String text) {
    // FNV-1a: a few nanoseconds for an id, and unlike String's 31 of 64 bits.
    long hash = 0xcbf29ce484222325L;
    for (int i = 0; text != null && i < text.length(); i++) {
      hash = (hash ^ text.charAt(i)) * 0x100000001b3L;
    }
    return hash;
  }
}
