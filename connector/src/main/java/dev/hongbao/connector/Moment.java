package dev.hongbao.connector;

/**
 * What an event was to its shopper, beside what is known of the shopper after it; null where it was nothing.
 *
 * <p>No threshold is in here: a pattern compares before with after, so it matches once whatever its threshold.
 */
final class Moment {

  /** The order's number, at its first line. */
  Long nthOrder;

  /** From the last order to the latest visit: as of this event, and as of the one before. */
  Long orderAgeMs;
  Long orderAgeBeforeMs;

  /** What the same product cost in this currency at the look before, and when that was. */
  Long seenPriceMinor;
  Long seenMs;

  /** The most that the basket was worth before it was added to. */
  Long basketPeakMinor;

  /** A buyer is there; what the shop does about an order is no visit. */
  void visit(Shopper shopper, String type, long atMs) {
    Buyer buyer = shopper.buyer;
    if (buyer == null || type.equals("order_updated") || type.equals("order_refunded") || type.equals("order_cancelled")) {
      return;
    }
    orderAgeBeforeMs = buyer.orderAgeMs();
    buyer.see(atMs);
    orderAgeMs = buyer.orderAgeMs();
  }

  /** A look at a price; one that arrives after a later look changes nothing. */
  void look(Shopper shopper, String productId, String currency, long priceMinor, long atMs) {
    if (shopper.looks == null) {
      shopper.looks = new Looks();
    }
    Looks looks = shopper.looks;
    long product = Looks.product(productId, currency);
    int before = looks.find(product);
    if (before >= 0) {
      if (looks.seenMs[before] > atMs) {
        return;
      }
      seenPriceMinor = looks.pricesMinor[before];
      seenMs = looks.seenMs[before];
    }
    looks.take(before, product, priceMinor, atMs);
  }

  /** Something is put into the basket. */
  void add(Shopper shopper, Shopper.Added added, long valueMinor) {
    // A basket of before an upgrade has a worth and no peak.
    basketPeakMinor = Math.max(shopper.basketPeakMinor, shopper.basketMinor);
    shopper.add(added, valueMinor);
  }

  /** A line of an order is bought. */
  void order(Shopper shopper, String orderId, long atMs) {
    shopper.empty();
    if (shopper.buyer == null) {
      shopper.buyer = new Buyer();
    }
    nthOrder = shopper.buyer.order(orderId, atMs);
  }
}
