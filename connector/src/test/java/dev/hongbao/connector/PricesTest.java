package dev.hongbao.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import org.apache.flink.types.Row;
import org.junit.jupiter.api.Test;

class PricesTest {

  private static final long MINUTE_MS = 60_000;
  private static final long STRAGGLERS_MS = 5_000;
  /** Every window of these tests is over by then. */
  private static final long NOW_MS = 100 * MINUTE_MS;

  private final Map<String, PriceRule> rules = new HashMap<>();
  private final List<PriceChange> told = new ArrayList<>();
  private long stragglersMs = STRAGGLERS_MS;

  PricesTest() {
    rules.put("tea", rule(1, 0));
  }

  @Test
  void changeIsSentOnceACheckpointThatHoldsItIsComplete() throws Exception {
    try (var prices = prices(null)) {
      window(prices, "tea", 1, 0);
      prices.snapshot(1, 1);
      window(prices, "cup", 1, 0);
      window(prices, "tea", 2, 0);
      assertEquals(List.of(), sent(prices));
      prices.notifyOfCompletedCheckpoint(1);
      assertEquals(List.of("tea 100 -> 90"), sent(prices));
      // One that was aborted is made good by the next.
      prices.snapshot(2, 2);
      prices.snapshot(3, 3);
      prices.notifyOfCompletedCheckpoint(3);
      assertEquals(List.of("tea 90 -> 80"), sent(prices));
    }
  }

  @Test
  void whatMayNotHaveBeenSentComesAgainAsItWasAndWhatWasSentDoesNot() throws Exception {
    OperatorSubtaskState first;
    OperatorSubtaskState second;
    List<Row> sent;
    try (var prices = prices(null)) {
      prices.setProcessingTime(NOW_MS + 7_777);
      window(prices, "tea", 1, 0);
      first = prices.snapshot(1, 1);
      prices.notifyOfCompletedCheckpoint(1);
      sent = rows(prices);
      second = prices.snapshot(2, 2);
    }
    try (var prices = prices(first)) {
      prices.setProcessingTime(NOW_MS + 99_999);
      prices.getOperator().prepareSnapshotPreBarrier(3);
      assertEquals(sent, rows(prices));
    }
    try (var prices = prices(second)) {
      window(prices, "tea", 2, 10);
      prices.getOperator().prepareSnapshotPreBarrier(3);
      assertEquals(1, sent.size());
      assertEquals(List.of(), sent(prices));
    }
  }

  @Test
  void priceGoesOnWhereItWasAfterARestart() throws Exception {
    OperatorSubtaskState state;
    rules.put("tea", rule(1, 3 * MINUTE_MS));
    try (var prices = prices(null)) {
      window(prices, "tea", 1, 0);
      state = prices.snapshot(1, 1);
    }
    try (var prices = prices(state)) {
      prices.setProcessingTime(NOW_MS + 10 * MINUTE_MS);
      // Replayed, and counted otherwise; held; a step on.
      window(prices, "tea", 1, 10);
      window(prices, "tea", 3, 0);
      window(prices, "tea", 4, 0);
      assertEquals(List.of("tea 100 -> 90", "tea 90 -> 80"), afterCheckpoint(prices));
    }
  }

  @Test
  void windowThatAPauseClosedDecidesWhenItIsOverByTheClockByWhatIsKnownThen() throws Exception {
    OperatorSubtaskState state;
    try (var prices = prices(null, MINUTE_MS / 2)) {
      window(prices, "tea", 1, 9);
      // This one the watermark had passed before it began: it opens late.
      window(prices, "tea", 2, 9, false);
      window(prices, "tea", 1, 0, false);
      assertEquals(2, prices.numProcessingTimeTimers());
      prices.setProcessingTime(MINUTE_MS + STRAGGLERS_MS - 1);
      assertEquals(List.of(), afterCheckpoint(prices));
      prices.setProcessingTime(MINUTE_MS + STRAGGLERS_MS);
      assertEquals(List.of("tea 100 -> 90"), afterCheckpoint(prices));
      state = prices.snapshot(10, 10);
    }
    // An upgrade to twice as much.
    stragglersMs = 2 * STRAGGLERS_MS;
    try (var prices = prices(state, MINUTE_MS + STRAGGLERS_MS)) {
      prices.setProcessingTime(2 * MINUTE_MS + STRAGGLERS_MS);
      assertEquals(List.of(), afterCheckpoint(prices));
      prices.setProcessingTime(2 * MINUTE_MS + 2 * STRAGGLERS_MS);
      assertEquals(List.of("tea 90 -> 100"), afterCheckpoint(prices));
      assertEquals(0, prices.numProcessingTimeTimers());
    }
  }

  @Test
  void correctionOfAWindowThatIsOverDecidesNothing() throws Exception {
    try (var prices = prices(null)) {
      window(prices, "tea", 1, 0, false);
      assertEquals(List.of(), afterCheckpoint(prices));
    }
  }

  @Test
  void jobWithoutItsStateGoesOnFromThePricesThatShopsHave() throws Exception {
    // A repeat may come after the next.
    told.addAll(List.of(change(80, 5), change(90, 4)));
    try (var prices = prices(null)) {
      window(prices, "tea", 5, 0);
      window(prices, "tea", 6, 0);
      assertEquals(List.of("tea 90 -> 80 before", "tea 100 -> 90 before", "tea 80 -> 70"), afterCheckpoint(prices));
    }
  }

  @Test
  void stateThatIsNewerThanTheTopicHolds() throws Exception {
    OperatorSubtaskState state;
    try (var prices = prices(null)) {
      window(prices, "tea", 1, 0);
      window(prices, "tea", 2, 5);
      state = prices.snapshot(1, 1);
    }
    told.add(change(100, 2));
    try (var prices = prices(state)) {
      window(prices, "tea", 3, 0);
      assertEquals(List.of("tea 100 -> 90", "tea 90 -> 80"), afterCheckpoint(prices));
    }
  }

  @Test
  void pausedRuleAndCategoryWithoutOneKeepTheirPrice() throws Exception {
    PriceRule rule = rules.get("tea");
    rules.put("tea", new PriceRule("tea", 2, false, "tumble_1m", 10, 0.2, 0.6, 10, 70, 100, 0));
    try (var prices = prices(null)) {
      window(prices, "tea", 1, 0);
      window(prices, "cup", 1, 0);
      rules.put("tea", rule);
      window(prices, "tea", 2, 0);
      assertEquals(List.of("tea 100 -> 90"), afterCheckpoint(prices));
    }
  }

  private static PriceRule rule(int version, long holdMs) {
    return new PriceRule("tea", version, true, "tumble_1m", 10, 0.2, 0.6, 10, 70, 100, holdMs);
  }

  /** A step down to so much, that the minute decided. */
  private static PriceChange change(int percent, int minute) {
    PriceChange change = new PriceChange();
    change.category = "tea";
    change.previousPercent = percent + 10;
    change.pricePercent = percent;
    change.windowEndMs = minute * MINUTE_MS;
    return change;
  }

  /** A minute closes, the number-th, that ten shoppers viewed in. */
  private static void window(
      KeyedOneInputStreamOperatorTestHarness<String, Row, Row> prices, String category, int number, long buyers)
      throws Exception {
    window(prices, category, number, buyers, true);
  }

  private static void window(
      KeyedOneInputStreamOperatorTestHarness<String, Row, Row> prices, String category, int number, long buyers,
      boolean closing)
      throws Exception {
    Row row = new Row(Conversion.column("closing") + 1);
    row.setField(Conversion.column("window_kind"), "tumble_1m");
    row.setField(Conversion.column("window_start"), Instant.ofEpochMilli((number - 1) * MINUTE_MS));
    row.setField(Conversion.column("window_end"), Instant.ofEpochMilli(number * MINUTE_MS));
    row.setField(Conversion.column("dimension"), "category");
    row.setField(Conversion.column("value"), category);
    row.setField(Conversion.column("viewers"), 10L);
    row.setField(Conversion.column("buyers"), buyers);
    row.setField(Conversion.column("closing"), closing);
    prices.processElement(new StreamRecord<>(row));
  }

  private static List<String> afterCheckpoint(KeyedOneInputStreamOperatorTestHarness<String, Row, Row> prices)
      throws Exception {
    prices.getOperator().prepareSnapshotPreBarrier(9);
    prices.snapshot(9, 9);
    prices.notifyOfCompletedCheckpoint(9);
    return sent(prices);
  }

  /** Gives what was sent since the last call, and forgets it. */
  private static List<String> sent(KeyedOneInputStreamOperatorTestHarness<String, Row, Row> prices) {
    return rows(prices).stream()
        .map(
            row -> row.getField(1) + " " + row.getField(4) + " -> " + row.getField(5)
                + ((boolean) row.getField(row.getArity() - 1) ? " before" : ""))
        .toList();
  }

  private static List<Row> rows(KeyedOneInputStreamOperatorTestHarness<String, Row, Row> prices) {
    List<Row> rows = new ArrayList<>(prices.extractOutputValues());
    prices.getOutput().clear();
    return rows;
  }

  private KeyedOneInputStreamOperatorTestHarness<String, Row, Row> prices(OperatorSubtaskState state)
      throws Exception {
    return prices(state, NOW_MS);
  }

  private KeyedOneInputStreamOperatorTestHarness<String, Row, Row> prices(OperatorSubtaskState state, long nowMs)
      throws Exception {
    var harness =
        new KeyedOneInputStreamOperatorTestHarness<String, Row, Row>(
            new Prices(new Given(rules), new Sent(told), stragglersMs),
            row -> (String) row.getField(Conversion.column("value")),
            Types.STRING);
    harness.setup(PriceChange.ROW.createSerializer(harness.getExecutionConfig().getSerializerConfig()));
    if (state != null) {
      harness.initializeState(state);
    }
    harness.setProcessingTime(nowMs);
    harness.open();
    return harness;
  }

  /** These rules. */
  private static final class Given extends PriceRules {
    private final transient Map<String, PriceRule> rules;

    Given(Map<String, PriceRule> rules) {
      super(Map.of());
      this.rules = rules;
    }

    @Override
    void open(Consumer<String> onRefused) {}

    @Override
    PriceRule of(String category) {
      return rules.get(category);
    }
  }

  /** A topic of these changes. */
  private static final class Sent extends PublishedPrices {
    private final transient List<PriceChange> told;

    Sent(List<PriceChange> told) {
      super(Map.of("admin-url", "", "prices", ""));
      this.told = told;
    }

    @Override
    Collection<PriceChange> changes() {
      return told;
    }
  }
}
