package dev.hongbao.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.core.memory.DataOutputViewStreamWrapper;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.util.OperatorSnapshotUtil;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MomentTest {

  private static final long START_MS = 1_798_000_000_000L;
  private static final long DAY_MS = 86_400_000;
  private static final CompletesFunction COMPLETES = new CompletesFunction();

  private Activities activities;

  @BeforeEach
  void open() throws Exception {
    activities = new Activities(null);
    activities.harness.setProcessingTime(START_MS);
  }

  @AfterEach
  void close() throws Exception {
    activities.close();
  }

  @Test
  void orderIsCountedAtItsFirstLineHoweverManyEventsTellOfIt() throws Exception {
    assertEquals(List.of(1L, "-", 2L, "-", 3L), numbers("a", "a", "b", "a", "c"));
    List<Object> beyond = new ArrayList<>();
    for (int i = 0; i < Buyer.MOST_ORDERS; i++) {
      beyond.addAll(numbers("later-" + i));
    }
    assertEquals(3L + Buyer.MOST_ORDERS, beyond.get(beyond.size() - 1));
    assertEquals(List.of("-"), numbers("later-0"));
    // Eight orders later it is taken for a new one.
    assertEquals(List.of(4L + Buyer.MOST_ORDERS), numbers("a"));
  }

  private List<Object> numbers(String... orders) throws Exception {
    List<Object> numbers = new ArrayList<>();
    for (String order : orders) {
      Object number = activities.event("order_completed", START_MS, "order_id", order).get("nth_order");
      numbers.add(number == null ? "-" : number);
    }
    return numbers;
  }

  @Test
  void buyersAgeIsThatOfTheLastOrderAtThisVisitAndAtTheOneBefore() throws Exception {
    assertEquals(Arrays.asList(null, null), ages("product_viewed", 0));
    assertEquals(Arrays.asList(null, null), ages("order_completed", 1_000));
    assertEquals(List.of(0L, 59_000L), ages("product_viewed", 60_000));
    // It arrives late: the shopper was seen later already.
    assertEquals(List.of(59_000L, 59_000L), ages("product_viewed", 30_000));
    assertEquals(Arrays.asList(null, null), ages("order_refunded", 90_000));
    assertEquals(List.of(59_000L, 99_000L), ages("order_completed", 100_000));
    assertEquals(List.of(0L, 5_000L), ages("cart_viewed", 105_000));
  }

  private List<Object> ages(String type, long atMs) throws Exception {
    Map<String, Object> found = activities.event(type, START_MS + atMs, "order_id", type + atMs);
    return Arrays.asList(found.get("order_age_before_ms"), found.get("order_age_ms"));
  }

  @Test
  void lookBeforeIsOfTheSameProductAndCurrency() throws Exception {
    assertEquals(Arrays.asList(null, null), look("tea", "CNY", 900, 0));
    assertEquals(Arrays.asList(null, null), look("cup", "CNY", 500, 1));
    assertEquals(Arrays.asList(null, null), look("tea", "EUR", 120, 2));
    assertEquals(List.of(900L, START_MS), look("tea", "CNY", 800, 3));
    assertEquals(List.of(800L, START_MS + 3), look("tea", "CNY", 800, 10));
    // It arrives late: it is not what was seen last.
    assertEquals(Arrays.asList(null, null), look("tea", "CNY", 100, 9));
    assertEquals(List.of(800L, START_MS + 10), look("tea", "CNY", 700, 11));
    for (int i = 0; i < Looks.MOST_PRODUCTS - 1; i++) {
      look("other-" + i, "CNY", 1, 12);
    }
    assertEquals(List.of(700L, START_MS + 11), look("tea", "CNY", 600, 13));
    for (int i = 0; i < Looks.MOST_PRODUCTS; i++) {
      look("others-" + i, "CNY", 1, 14);
    }
    assertEquals(Arrays.asList(null, null), look("tea", "CNY", 500, 15));
  }

  private List<Object> look(String product, String currency, long priceMinor, long atMs) throws Exception {
    Map<String, Object> found =
        activities.event(
            "product_viewed", START_MS + atMs, "product_id", product, "currency", currency, "price_minor", priceMinor);
    return Arrays.asList(found.get("seen_price_minor"), found.get("seen_ms"));
  }

  @Test
  void basketsPeakIsOfThisBasketBeforeTheEvent() throws Exception {
    assertEquals(0L, peak("product_added", 500));
    assertEquals(500L, peak("product_added", 300));
    assertNull(peak("product_removed", 600));
    assertEquals(800L, peak("product_added", 700));
    assertNull(peak("product_removed", 5_000));
    assertEquals(0L, peak("product_added", 100));
    assertNull(peak("order_completed", 100));
    assertEquals(0L, peak("product_added", 100));
  }

  private Object peak(String type, long priceMinor) throws Exception {
    return activities.event(type, START_MS, "product_id", "tea", "price_minor", priceMinor).get("basket_peak_minor");
  }

  @Test
  void stepsCompleteInTheirOrderWithinTheTimeAndOnce() {
    assertEquals("---+", completions("v:0 a:1 x:2 c:10"));
    assertEquals("--+-", completions("v:0 a:1 c:10 c:11"));
    assertEquals("---", completions("a:0 v:1 c:2"));
    assertEquals("---", completions("v:0 a:1 c:11"));
    // The later of two beginnings counts; whoever tried without an add is not at the end.
    assertEquals("----+", completions("v:0 a:1 v:5 a:6 c:12"));
    assertEquals("---+", completions("v:0 c:1 a:2 c:3"));
    assertEquals("--+-", completions("v:0 a:1 c:2 c:3"));
    assertEquals("--+---+", completions("v:0 a:1 c:2 a:3 v:4 a:5 c:6"));
    assertEquals("--+--", completions("v:0 a:1 c:2 a:3 c:4"));
    assertEquals("-----", completions("v:0 a:1 o:2 c:3 c:4"));
    assertEquals("---+", completions("o:0 v:1 a:2 c:3"));
  }

  @Test
  void stepMayComeTwiceAndIsOneEventEach() {
    Shopper shopper = new Shopper();
    String[] steps = {"v", "v", "v"};
    StringBuilder found = new StringBuilder();
    for (int i = 0; i < 7; i++) {
      shopper.remember("v", "tea", 0, i);
      found.append(shopper.completes(steps, new String[0], null, 10) ? '+' : '-');
    }
    assertEquals("--+--+-", found.toString());
  }

  @Test
  void stepsOfOneProductAreThatProductsAlone() {
    Shopper shopper = new Shopper();
    shopper.remember("v", "tea", 0, 0);
    shopper.remember("a", "cup", 0, 1);
    assertEquals(false, COMPLETES.eval(shopper, "v,a", null, "cup", 10L));
    assertEquals(true, COMPLETES.eval(shopper, "v,a", null, null, 10L));
    shopper.remember("a", "tea", 0, 2);
    assertEquals(true, COMPLETES.eval(shopper, "v,a", null, "tea", 10L));
    assertEquals(false, COMPLETES.eval(shopper, "v,a", null, "cup", 10L));
    assertNull(COMPLETES.eval(null, "v,a", null, null, 10L));
    assertThrows(IllegalArgumentException.class, () -> COMPLETES.eval("u1", "v,a", null, null, 10L));
  }

  /** Events as type:time; a + for each that completes v, a, c within 10, an o between begins anew. */
  private static String completions(String events) {
    Shopper shopper = new Shopper();
    StringBuilder found = new StringBuilder();
    for (String event : events.split(" ")) {
      String[] parts = event.split(":");
      shopper.remember(parts[0], null, 0, Long.parseLong(parts[1]));
      found.append(COMPLETES.eval(shopper, "v,a,c", "o", null, 10L) ? '+' : '-');
    }
    return found.toString();
  }

  @Test
  void quietShopperIsForgottenPartByPart() throws Exception {
    activities.event("product_viewed", START_MS, "product_id", "tea", "price_minor", 900L, "category", "tea");
    activities.event("order_completed", START_MS, "order_id", "a", "category", "tea");
    assertEquals("tea", at(Activities.FORGET_MS - 1, "cart_viewed").get("favourite_category"));
    Map<String, Object> later = at(2 * Activities.FORGET_MS, "product_viewed");
    assertNull(later.get("favourite_category"));
    assertEquals(900L, later.get("seen_price_minor"));
    later = at(2 * Activities.FORGET_MS + Activities.LOOKS_MS + 1_000, "product_viewed");
    assertNull(later.get("seen_price_minor"));
    assertTrue((Long) later.get("order_age_ms") >= Activities.LOOKS_MS);
    activities.harness.setProcessingTime(START_MS + 2 * Activities.FORGET_MS + 2 * Activities.BUYER_MS);
    assertEquals(0, activities.harness.numKeyedStateEntries());
    assertEquals(0, activities.harness.numProcessingTimeTimers());
    assertEquals(List.of(1L), numbers("b"));
  }

  @Test
  void whoBoughtNothingIsForgottenSooner() throws Exception {
    activities.event("product_viewed", START_MS, "product_id", "tea", "price_minor", 900L);
    activities.harness.setProcessingTime(START_MS + Activities.VISITOR_MS - 1);
    assertEquals(1, activities.harness.numKeyedStateEntries());
    activities.harness.setProcessingTime(START_MS + Activities.VISITOR_MS);
    assertEquals(0, activities.harness.numKeyedStateEntries());
    assertEquals(0, activities.harness.numProcessingTimeTimers());
  }

  @Test
  void buyerHasOneTimerHoweverManyVisits() throws Exception {
    activities.event("order_completed", START_MS, "order_id", "a");
    for (int day = 1; day <= 30; day++) {
      at(day * DAY_MS, "product_added");
      assertEquals(1, activities.harness.numProcessingTimeTimers(), "day " + day);
    }
  }

  private Map<String, Object> at(long afterMs, String type) throws Exception {
    return activities.event(type, START_MS + afterMs, "product_id", "tea", "price_minor", 800L);
  }

  @Test
  void buyerOfLongAgoTakesLittleOfACheckpoint() throws Exception {
    Shopper shopper = new Shopper();
    shopper.profile = new Profile();
    for (int i = 0; i < Shopper.MOST_EVENTS; i++) {
      shopper.remember("order_completed", "product-" + i, 900, START_MS);
      shopper.like("category-" + i);
      new Moment().order(shopper, "order-" + i, START_MS);
      shopper.profile.see(START_MS, "category-" + i);
      shopper.profile.buy(true, true, 1, 900);
    }
    int before = bytes(shopper);
    shopper.forget();
    assertTrue(before > 2_000, "before: " + before);
    assertTrue(bytes(shopper) < 400, "after: " + bytes(shopper));
    shopper.remember("product_viewed", "tea", 900, START_MS);
    assertEquals(1, shopper.size);
  }

  private static int bytes(Shopper shopper) throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Types.POJO(Shopper.class)
        .createSerializer(new SerializerConfigImpl())
        .serialize(shopper, new DataOutputViewStreamWrapper(new DataOutputStream(out)));
    return out.size();
  }

  @Test
  void momentsAreTheSameAfterARestart() throws Exception {
    numbers("a", "b");
    look("tea", "CNY", 900, 0);
    peak("product_added", 500);
    OperatorSubtaskState state = activities.harness.snapshot(1, START_MS);
    activities.close();
    activities = new Activities(state);
    assertEquals(List.of("-", 3L), numbers("b", "c"));
    assertEquals(List.of(900L, START_MS), look("tea", "CNY", 800, 1));
    // The order emptied the basket.
    assertEquals(0L, peak("product_added", 500));
  }

  /** The file is a snapshot by the code of before there were buyers and looks: two views of tea, a cup added twice. */
  @Test
  void savepointOfBeforeThereWereBuyersGoesOn() throws Exception {
    activities.close();
    activities =
        new Activities(OperatorSnapshotUtil.readStateHandle("src/test/resources/activity-before-buyers.state"));
    Map<String, Object> third =
        activities.event("product_viewed", 1_003_000, "product_id", "tea", "currency", "CNY", "price_minor", 700L);
    assertEquals("tea", third.get("favourite_category"));
    assertEquals(1_000L, third.get("basket_minor"));
    assertNull(third.get("seen_price_minor"));
    Map<String, Object> added = activities.event("product_added", 1_004_000, "product_id", "tea", "price_minor", 500L);
    assertEquals(1_000L, added.get("basket_peak_minor"));
    assertEquals(List.of(1L), numbers("a"));
  }
}
