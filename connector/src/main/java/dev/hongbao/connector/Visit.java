package dev.hongbao.connector;

import java.util.Arrays;

/**
 * How far one visit came. Public fields and arrays because Flink's POJO format carries them over an upgrade that adds
 * one.
 */
public class Visit {

  private static final String[] NOTHING = {};

  /** From its first event until the gap after its last is over; the end is not part of it. */
  public long startMs;
  public long endMs;
  /** Whether its row comes when the watermark reaches its end; after that, with each event. */
  public boolean due;
  public long views;
  public long adds;
  public long checkouts;
  public long revenueMinor;
  public String[] orders = NOTHING;

  /** The watermark that ends it. */
  long lastMs() {
    return endMs - 1;
  }

  /** Takes an order's line: an order counts once, each of its lines brings money. */
  void order(String order, long lineMinor) {
    revenueMinor += lineMinor;
    if (!Arrays.asList(orders).contains(order)) {
      orders = Arrays.copyOf(orders, orders.length + 1);
      orders[orders.length - 1] = order;
    }
  }

  /** Takes all of a later visit. */
  void merge(Visit later) {
    endMs = later.endMs;
    views += later.views;
    adds += later.adds;
    checkouts += later.checkouts;
    revenueMinor += later.revenueMinor;
    for (String order : later.orders) {
      order(order, 0);
    }
  }
}
