package dev.hongbao.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.api.operators.KeyedProcessOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.types.Row;
import org.junit.jupiter.api.Test;

class ConversionTest {

  private static final long START_MS = 1_798_000_020_000L;
  private static final long LATENESS_MS = 15 * 60_000;
  private static final String[] STEPS = {"product_viewed", "product_added", "checkout_started", "order_completed"};
  private static final Rows ROWS =
      new Rows(
          List.of(
              "dimension", "value", "occurred_at", "event_type", "shopper_id", "order_id", "revenue_minor"));

  private record Event(String value, long atMs, int step, String shopper, String order) {}

  private final List<Event> taken = new ArrayList<>();
  private final Map<List<Object>, List<Object>> published = new HashMap<>();
  private final Set<List<Object>> closed = new HashSet<>();
  private KeyedOneInputStreamOperatorTestHarness<Tuple2<String, String>, RowData, Row> windows;

  @Test
  void everyWindowEqualsACountFromScratchThroughLateEventsAndARestart() throws Exception {
    windows = harness(null);
    Random random = new Random(7);
    for (int i = 0; i < 3_000; i++) {
      long nowMs = START_MS + i * 300L;
      windows.setProcessingTime(nowMs);
      // One in ten is late, up to fifteen minutes; the gate lets no older one in.
      long lateMs = random.nextInt(10) == 0 ? (long) (random.nextDouble() * LATENESS_MS) : random.nextInt(4_000);
      take(
          new Event(
              random.nextBoolean() ? "tea" : "cup", nowMs - lateMs, random.nextInt(4), "u" + random.nextInt(40),
              "o" + random.nextInt(200)));
      if (i % 10 == 0) {
        windows.processWatermark(new Watermark(nowMs - 5_000));
      }
      if (i % 700 == 699) {
        OperatorSubtaskState state = windows.snapshot(i, nowMs);
        // What comes between the checkpoint and its end must not reach into it.
        collect();
        windows.close();
        windows = harness(state);
        windows.setProcessingTime(nowMs);
      }
    }
    finish(START_MS + 3_000 * 300L);
    Map<String, String> wanted = expected();
    Map<String, String> found = byText(published);
    assertEquals(wanted.keySet(), found.keySet());
    // Before the first event's time there are only late ones.
    published.keySet().stream()
        .filter(window -> (long) window.get(1) >= START_MS)
        .forEach(window -> assertTrue(closed.contains(window), window + " was not closed"));
    wanted.forEach((window, counts) -> assertEquals(counts, found.get(window), window));
  }

  @Test
  void windowClosesOnceThoughALateEventSetsItsTimerAgainAfterARestart() throws Exception {
    windows = harness(null);
    take(new Event("tea", START_MS, 0, "u1", "o1"));
    windows.processWatermark(new Watermark(START_MS + 60_000));
    collect();
    OperatorSubtaskState state = windows.snapshot(1, 1);
    windows.close();
    windows = harness(state);
    // The first of its ten seconds, which end with the minute; no watermark has come yet.
    take(new Event("tea", START_MS + 55_000, 0, "u2", "o1"));
    windows.processWatermark(new Watermark(START_MS + 60_000));
    collect();
    assertEquals(4, closed.size());
    windows.close();
  }

  @Test
  void stateIsForgotten() throws Exception {
    windows = harness(null);
    take(new Event("tea", START_MS, 0, "u1", "o1"));
    windows.processWatermark(new Watermark(START_MS + LATENESS_MS + 6 * 60_000));
    windows.setProcessingTime(START_MS + 10_000);
    assertEquals(0, windows.numKeyedStateEntries());
  }

  @Test
  void checkpointHoldsWhatWasTrueWhenItWasTaken() throws Exception {
    Minute.Serializer serializer = Minute.Serializer.INSTANCE;
    Minute old = new Minute();
    old.mark("u1", 0, 0);
    Minute now = serializer.copy(old);
    now.mark("u2", 0, 0);
    assertTrue(now.has("u2", 0) && now.has("u1", 0));
    assertTrue(old.has("u1", 0) && !old.has("u2", 0));
  }

  private static KeyedOneInputStreamOperatorTestHarness<Tuple2<String, String>, RowData, Row> harness(
      OperatorSubtaskState state) throws Exception {
    var harness =
        new KeyedOneInputStreamOperatorTestHarness<Tuple2<String, String>, RowData, Row>(
            new KeyedProcessOperator<>(new Conversion(ROWS, LATENESS_MS, 0)),
            new Conversion.Subject(ROWS),
            Types.TUPLE(Types.STRING, Types.STRING));
    harness.setup();
    if (state != null) {
      harness.initializeState(state);
    }
    harness.open();
    return harness;
  }

  private void take(Event event) throws Exception {
    taken.add(event);
    windows.processElement(
        new StreamRecord<>(
            GenericRowData.of(
                StringData.fromString("product"), StringData.fromString(event.value),
                TimestampData.fromEpochMillis(event.atMs), StringData.fromString(STEPS[event.step]),
                StringData.fromString(event.shopper), StringData.fromString(event.order), 10L)));
  }

  private void finish(long endMs) throws Exception {
    windows.processWatermark(new Watermark(endMs + 6 * 60_000));
    windows.setProcessingTime(endMs + 10_000);
    collect();
    windows.close();
  }

  private void collect() {
    for (Object record : windows.getOutput()) {
      if (record instanceof StreamRecord<?> result) {
        Row row = (Row) result.getValue();
        List<Object> window =
            List.of(row.getField(0), ((Instant) row.getField(1)).toEpochMilli(), row.getField(4));
        if ((boolean) row.getField(Conversion.column("closing"))) {
          // Once, and before any correction.
          assertFalse(published.containsKey(window), window.toString());
          closed.add(window);
        }
        published.put(
            window,
            List.of(
                row.getField(5), row.getField(6), row.getField(7), row.getField(8), row.getField(9),
                row.getField(10)));
      }
    }
    windows.getOutput().clear();
  }

  private Map<String, String> expected() {
    Map<List<Object>, List<Set<String>>> sets = new HashMap<>();
    Map<List<Object>, Long> revenue = new HashMap<>();
    for (Event event : taken) {
      for (List<Object> window : windowsOf(event)) {
        List<Set<String>> figures =
            sets.computeIfAbsent(
                window,
                key -> List.of(new HashSet<>(), new HashSet<>(), new HashSet<>(), new HashSet<>(), new HashSet<>()));
        figures.get(event.step).add(event.shopper);
        if (event.step == 3) {
          figures.get(4).add(event.order);
        }
        revenue.merge(window, event.step == 3 ? 10L : 0L, Long::sum);
      }
    }
    Map<List<Object>, List<Object>> counted = new HashMap<>();
    sets.forEach(
        (window, figures) -> {
          List<Object> counts = new ArrayList<>();
          figures.forEach(figure -> counts.add((long) figure.size()));
          counts.add(revenue.get(window));
          counted.put(window, counts);
        });
    return byText(counted);
  }

  private static List<List<Object>> windowsOf(Event event) {
    List<List<Object>> windows = new ArrayList<>();
    long minuteMs = event.atMs / 60_000 * 60_000;
    windows.add(List.of("tumble_10s", event.atMs / 10_000 * 10_000, event.value));
    windows.add(List.of("tumble_1m", minuteMs, event.value));
    for (int i = 0; i < 5; i++) {
      windows.add(List.of("hop_5m", minuteMs - i * 60_000L, event.value));
    }
    return windows;
  }

  private static Map<String, String> byText(Map<List<Object>, List<Object>> rows) {
    Map<String, String> texts = new TreeMap<>();
    rows.forEach((window, counts) -> texts.put(window.toString(), counts.toString()));
    return texts;
  }
}
