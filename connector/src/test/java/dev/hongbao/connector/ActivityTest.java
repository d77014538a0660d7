package dev.hongbao.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class ActivityTest {

  private static final String[] RESETS = {"product_added", "order_completed"};
  private static final StreakFunction STREAK = new StreakFunction();

  private final Shopper shopper = new Shopper();

  private int streak(String product, Long least, long withinMs) {
    return STREAK.eval(shopper, "product_viewed", "product_added,order_completed", product, least, withinMs);
  }

  @Test
  void streakCountsHitsWithinTheTimeSinceTheReset() {
    view("tea", 5, 0);
    view("tea", 5, 1_000);
    assertEquals(2, streak("tea", null, 1_000));
    view("tea", 5, 1_001);
    assertEquals(2, streak("tea", null, 1_000));
    shopper.remember("product_added", "tea", 5, 1_002);
    assertEquals(0, streak("tea", null, 1_000));
  }

  @Test
  void anotherProductNeitherHitsNorResets() {
    view("tea", 5, 0);
    shopper.remember("product_added", "cup", 5, 1);
    view("cup", 5, 2);
    view("tea", 5, 3);
    assertEquals(2, streak("tea", null, 1_000));
    assertEquals(2, shopper.streak("product_viewed", RESETS, null, null, 1_000));
  }

  @Test
  void priceBelowTheLeastIsNoHit() {
    view("tea", 99, 0);
    view("tea", 100, 1);
    assertEquals(1, streak(null, 100L, 1_000));
  }

  @Test
  void botsHistoryIsBounded() {
    for (int i = 0; i < 1_000; i++) {
      view("tea", 5, i);
      shopper.like("rare-" + i);
      shopper.like("tea");
    }
    assertEquals(Shopper.MOST_EVENTS, streak("tea", null, 1_000_000));
    assertEquals(Shopper.MOST_EVENTS, shopper.types.length);
    assertEquals(Shopper.MOST_CATEGORIES, shopper.categories.length);
    assertEquals("tea", shopper.favourite());
  }

  @Test
  void favouriteIsTheMostFrequentAndOfEqualsTheLatest() {
    assertNull(shopper.favourite());
    for (String category : new String[] {"tea", "shoes", "tea", "shoes"}) {
      shopper.like(category);
    }
    assertEquals("shoes", shopper.favourite());
    shopper.like("tea");
    assertEquals("tea", shopper.favourite());
  }

  @Test
  void basketIsWorthWhatIsInItUntilOrderedOrEmptied() {
    Shopper.Added added = new Shopper.Added();
    shopper.add(added, 1_000);
    shopper.add(added, 300);
    shopper.remove(500);
    assertEquals(800, shopper.basketMinor);
    shopper.remove(900);
    assertEquals(0, shopper.basketMinor);
    assertNull(shopper.added);
    shopper.add(added, 1);
    shopper.empty();
    assertNull(shopper.added);
  }

  @Test
  void streakOfSomethingElseSaysWhatItWants() {
    assertThrows(IllegalArgumentException.class, () -> STREAK.eval("u1", "a", "b", null, null, 1L));
    assertNull(STREAK.eval(null, "a", "b", null, null, 1L));
  }

  private void view(String product, long priceMinor, long atMs) {
    shopper.remember("product_viewed", product, priceMinor, atMs);
  }
}
