package dev.hongbao.connector.functions;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.List;
import org.junit.jupiter.api.Test;

class FunctionsTest {

  private final StreakFunction streak = new StreakFunction();
  private final FavouriteFunction favourite = new FavouriteFunction();
  private final CartFunction cart = new CartFunction();

  @Test
  void streakCountsHitsWithinTheTimeSinceTheReset() {
    StreakFunction.Streak acc = streak.createAccumulator();
    streak.accumulate(acc, true, false, 0L, 1_000L);
    streak.accumulate(acc, true, false, 1_000L, 1_000L);
    assertEquals(2, streak.getValue(acc));
    streak.accumulate(acc, true, false, 1_001L, 1_000L);
    assertEquals(2, streak.getValue(acc));
    streak.accumulate(acc, false, true, 1_002L, 1_000L);
    assertEquals(0, streak.getValue(acc));
  }

  @Test
  void streakOfABotStaysSmall() {
    StreakFunction.Streak acc = streak.createAccumulator();
    for (long at = 0; at < 1_000; at++) {
      streak.accumulate(acc, true, false, at, 1_000_000L);
    }
    assertEquals(StreakFunction.MOST, streak.getValue(acc));
  }

  @Test
  void favouriteIsTheMostFrequentAndOfEqualsTheLatest() {
    FavouriteFunction.Counts acc = favourite.createAccumulator();
    assertNull(favourite.getValue(acc));
    for (String category : new String[] {"tea", "shoes", "tea", "shoes", null}) {
      favourite.accumulate(acc, category);
    }
    assertEquals("shoes", favourite.getValue(acc));
    favourite.accumulate(acc, "tea");
    assertEquals("tea", favourite.getValue(acc));
  }

  @Test
  void favouriteRemembersNoMoreThanItsBound() {
    FavouriteFunction.Counts acc = favourite.createAccumulator();
    for (int i = 0; i < 1_000; i++) {
      favourite.accumulate(acc, "rare-" + i);
      favourite.accumulate(acc, "tea");
    }
    assertEquals(FavouriteFunction.MOST, acc.categories.length);
    assertEquals("tea", favourite.getValue(acc));
  }

  @Test
  void favouriteOfPartsIsThatOfTheWhole() {
    FavouriteFunction.Counts left = favourite.createAccumulator();
    FavouriteFunction.Counts right = favourite.createAccumulator();
    favourite.accumulate(left, "tea");
    favourite.accumulate(right, "shoes");
    favourite.accumulate(right, "shoes");
    favourite.merge(left, List.of(right));
    assertEquals("shoes", favourite.getValue(left));
  }

  @Test
  void basketIsWorthWhatIsInIt() {
    CartFunction.Cart acc = cart.createAccumulator();
    assertNull(cart.getValue(acc));
    add(acc, "product_added", "e1", 2, 500L);
    add(acc, "product_added", "e2", 1, 300L);
    add(acc, "product_removed", "e3", 1, 500L);
    assertEquals("e2", cart.getValue(acc).getField(0));
    assertEquals(800L, cart.getValue(acc).getField(3));
  }

  @Test
  void orderOrEmptyingClosesTheBasket() {
    CartFunction.Cart acc = cart.createAccumulator();
    add(acc, "product_added", "e1", 1, 500L);
    add(acc, "product_removed", "e2", 1, 500L);
    assertNull(cart.getValue(acc));
    add(acc, "product_added", "e3", 1, 500L);
    add(acc, "order_completed", "e4", 1, 500L);
    assertNull(cart.getValue(acc));
  }

  @Test
  void orderInALaterPartForgetsWhatCameBefore() {
    CartFunction.Cart left = cart.createAccumulator();
    CartFunction.Cart right = cart.createAccumulator();
    add(left, "product_added", "e1", 1, 500L);
    add(right, "order_completed", "e2", 1, 500L);
    cart.merge(left, List.of(right));
    assertNull(cart.getValue(left));
  }

  private void add(CartFunction.Cart acc, String type, String id, int quantity, long price) {
    cart.accumulate(acc, type, id, "p", "tea", quantity, price, "CNY", "gold", "ny", 1L, 2L, 3L);
  }
}
