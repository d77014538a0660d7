package dev.hongbao.connector;

import java.util.Arrays;

/**
 * At which price a shopper saw the newest products, so that a lower one is noticed.
 *
 * <p>A product in another currency is another product. At most {@value #MOST_PRODUCTS}, 24 bytes each. A POJO of
 * Flink's, as {@link Shopper} is.
 */
public class Looks {

  /** How many products are remembered. */
  public static final int MOST_PRODUCTS = 16;

  /** By the last look, oldest first; only the first {@code size} places are used. */
  public int size;
  public long[] products = new long[2];
  public long[] pricesMinor = new long[2];
  public long[] seenMs = new long[2];

  /** Gives what stands for a product in a currency; the currency may be null. */
  static long product(String productId, String currency) {
    return Buyer.hash(productId) * 31 + Buyer.hash(currency);
  }

  /** Gives the product's place, or -1. */
  int find(long product) {
    for (int i = size - 1; i >= 0; i--) {
      if (products[i] == product) {
        return i;
      }
    }
    return -1;
  }

  /** Takes a look as the newest, in place of the one at {@code before}; -1 for none. */
  void take(int before, long product, long priceMinor, long atMs) {
    if (before >= 0 || size == MOST_PRODUCTS) {
      int from = Math.max(before, 0);
      size--;
      System.arraycopy(products, from + 1, products, from, size - from);
      System.arraycopy(pricesMinor, from + 1, pricesMinor, from, size - from);
      System.arraycopy(seenMs, from + 1, seenMs, from, size - from);
    } else if (size == products.length) {
      products = Arrays.copyOf(products, 2 * size);
      pricesMinor = Arrays.copyOf(pricesMinor, 2 * size);
      seenMs = Arrays.copyOf(seenMs, 2 * size);
    }
    products[size] = product;
    pricesMinor[size] = priceMinor;
    seenMs[size] = atMs;
    size++;
  }
}
