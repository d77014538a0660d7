package dev.hongbao.connector;

import java.time.Instant;
import java.util.Map;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.api.java.typeutils.RowTypeInfo;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.TimeDomain;
import org.apache.flink.streaming.api.TimerService;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.table.api.Table;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.table.data.RowData;
import org.apache.flink.types.Row;
import org.apache.flink.util.Collector;

/**
 * Counts the funnel in event-time windows, with allowed lateness: 10 s, 1 min, and 5 min every minute.
 *
 * <p>The same in SQL is five COUNT(DISTINCT … ) FILTER a window: 4,000 events/s with all three windows on two cores.
 * Flink's window operator updates seven windows an event and a 5-minute result walks every shopper. Here an event
 * sets one bit of one {@link Minute}; only a shopper's first step in a minute looks at the four minutes on each side,
 * which share a 5-minute window with it.
 */
public final class Conversion
    extends KeyedProcessFunction<Tuple2<String, String>, RowData, Row> {

  private static final long serialVersionUID = 1L;
  private static final long SLICE_MS = 10_000;
  private static final long MINUTE_MS = 60_000;
  private static final int HOP_MINUTES = 5;
  /** The last of the four steps. */
  private static final int BOUGHT = 3;
  /** Corrections of one window within this time are one. */
  private static final long CORRECT_EVERY_MS = 1_000;

  private static final TypeInformation<Row> RESULT =
      Types.ROW_NAMED(
          new String[] {
            "window_kind", "window_start", "window_end", "dimension", "value", "viewers", "adders",
            "checkouts", "buyers", "orders", "revenue_minor", "computed_at", "closing"
          },
          Types.STRING, Types.INSTANT, Types.INSTANT, Types.STRING, Types.STRING, Types.LONG, Types.LONG,
          Types.LONG, Types.LONG, Types.LONG, Types.LONG, Types.INSTANT, Types.BOOLEAN);

  private final int dimension;
  private final int value;
  private final int occurredAt;
  private final int eventType;
  private final int shopperId;
  private final int orderId;
  private final int revenueMinor;
  private final long latenessMs;
  private final int niceness;
  private transient MapState<Long, Minute> minutes;

  Conversion(Rows rows, long latenessMs, int niceness) {
    this.dimension = rows.position("dimension");
    this.value = rows.position("value");
    this.occurredAt = rows.position("occurred_at");
    this.eventType = rows.position("event_type");
    this.shopperId = rows.position("shopper_id");
    this.orderId = rows.position("order_id");
    this.revenueMinor = rows.position("revenue_minor");
    this.latenessMs = latenessMs;
    this.niceness = niceness;
  }

  /**
   * Gives a row when a window has ended ({@code closing}), and again, corrected, at most a second after late events it
   * lets in.
   *
   * @param steps a table with dimension, value, event_type, shopper_id, order_id, revenue_minor and a rowtime
   *     occurred_at
   * @param latenessMs how long after its end a window can still be corrected, in milliseconds
   * @param niceness of the threads that count, see {@link Niceness}
   */
  public static DataStream<Row> of(StreamTableEnvironment tables, Table steps, long latenessMs, int niceness) {
    Rows rows = new Rows(steps);
    return Rows.stream(tables, steps)
        .keyBy(new Subject(rows), Types.TUPLE(Types.STRING, Types.STRING))
        .process(new Conversion(rows, latenessMs, niceness), RESULT)
        .uid("conversion-windows")
        .name("conversion-windows");
  }

  /** Gives a column's place in a row. */
  static int column(String name) {
    return ((RowTypeInfo) RESULT).getFieldIndex(name);
  }

  @Override
  public void open(Configuration parameters) {
    Niceness.take(niceness);
    minutes =
        getRuntimeContext()
            .getMapState(new MapStateDescriptor<>("minutes", LongSerializer.INSTANCE, Minute.Serializer.INSTANCE));
  }

  @Override
  public void processElement(RowData step, Context context, Collector<Row> out) throws Exception {
    long atMs = step.getTimestamp(occurredAt, 3).getMillisecond();
    long startMs = Math.floorDiv(atMs, MINUTE_MS) * MINUTE_MS;
    int slice = (int) ((atMs - startMs) / SLICE_MS);
    TimerService timers = context.timerService();

    Minute minute = minute(startMs, timers);
    boolean hopsAreOpen =
        (minute.hasEvents & 1 << Minute.WHOLE) != 0 && timers.currentWatermark() < startMs + MINUTE_MS - 1;
    open(minute, slice, startMs + (slice + 1) * SLICE_MS, timers);
    open(minute, Minute.WHOLE, startMs + MINUTE_MS, timers);
    int figure = figure(Rows.text(step, eventType));
    mark(startMs, minute, Rows.text(step, shopperId), slice, figure, timers);
    if (figure == BOUGHT) {
      mark(startMs, minute, Rows.text(step, orderId), slice, Minute.ORDERS, timers);
      minute.revenueMinor[slice] += step.isNullAt(revenueMinor) ? 0 : step.getLong(revenueMinor);
    }
    minutes.put(startMs, minute);
    if (hopsAreOpen) {
      // An event of this minute opened all five, and the first of them to end has not: nothing is left to say.
      return;
    }
    for (long hopMs = startMs; hopMs > startMs - HOP_MINUTES * MINUTE_MS; hopMs -= MINUTE_MS) {
      Minute hop = hopMs == startMs ? minute : minute(hopMs, timers);
      open(hop, Minute.HOP, hopMs + HOP_MINUTES * MINUTE_MS, timers);
      if (hop != minute) {
        minutes.put(hopMs, hop);
      }
    }
  }

  private Minute minute(long startMs, TimerService timers) throws Exception {
    Minute minute = minutes.get(startMs);
    if (minute == null) {
      minute = new Minute();
      timers.registerEventTimeTimer(forgottenMs(startMs));
    }
    return minute;
  }

  private long forgottenMs(long startMs) {
    return startMs + HOP_MINUTES * MINUTE_MS + latenessMs;
  }

  /** An event came into the window: it will be published at its end, or again soon if it was already. */
  private static void open(Minute minute, int window, long endMs, TimerService timers) {
    int bit = 1 << window;
    boolean first = (minute.hasEvents & bit) == 0;
    minute.hasEvents |= bit;
    if (first && endMs - 1 > timers.currentWatermark()) {
      timers.registerEventTimeTimer(endMs - 1);
    } else if (first || (minute.published & bit) != 0) {
      minute.published |= bit;
      if (minute.stale == 0) {
        long nowMs = timers.currentProcessingTime();
        timers.registerProcessingTimeTimer(nowMs + CORRECT_EVERY_MS - nowMs % CORRECT_EVERY_MS);
      }
      minute.stale |= bit;
    }
  }

  /** Sets the bit; a minute's first counts in each five minutes that did not have it from another minute. */
  private void mark(long startMs, Minute minute, String who, int slice, int figure, TimerService timers)
      throws Exception {
    if (!minute.mark(who, slice, figure)) {
      return;
    }
    // The nearest minutes before and after that have it: a five-minute window without them has it first from here.
    long beforeMs = Long.MIN_VALUE;
    long afterMs = Long.MAX_VALUE;
    for (long far = MINUTE_MS; far < HOP_MINUTES * MINUTE_MS; far += MINUTE_MS) {
      if (beforeMs == Long.MIN_VALUE && has(startMs - far, who, figure)) {
        beforeMs = startMs - far;
      }
      if (afterMs == Long.MAX_VALUE && has(startMs + far, who, figure)) {
        afterMs = startMs + far;
      }
    }
    for (long hopMs = startMs; hopMs > startMs - HOP_MINUTES * MINUTE_MS; hopMs -= MINUTE_MS) {
      if (hopMs > beforeMs && hopMs + HOP_MINUTES * MINUTE_MS <= afterMs) {
        Minute hop = hopMs == startMs ? minute : minute(hopMs, timers);
        hop.hop[figure]++;
        if (hop != minute) {
          minutes.put(hopMs, hop);
        }
      }
    }
  }

  private boolean has(long startMs, String who, int figure) throws Exception {
    Minute minute = minutes.get(startMs);
    return minute != null && minute.has(who, figure);
  }

  private static int figure(String eventType) {
    return switch (eventType) {
      case "product_viewed" -> 0;
      case "product_added" -> 1;
      case "checkout_started" -> 2;
      default -> BOUGHT;
    };
  }

  @Override
  public void onTimer(long timestamp, OnTimerContext context, Collector<Row> out) throws Exception {
    if (context.timeDomain() == TimeDomain.PROCESSING_TIME) {
      correct(context, out);
      return;
    }
    long endMs = timestamp + 1;
    if (endMs % SLICE_MS == 0) {
      long minuteMs = Math.floorDiv(timestamp, MINUTE_MS) * MINUTE_MS;
      publish(minuteMs, (int) ((timestamp - minuteMs) / SLICE_MS), context, out);
    }
    if (endMs % MINUTE_MS == 0) {
      publish(endMs - MINUTE_MS, Minute.WHOLE, context, out);
      publish(endMs - HOP_MINUTES * MINUTE_MS, Minute.HOP, context, out);
    }
    long forgottenMs = timestamp - HOP_MINUTES * MINUTE_MS - latenessMs;
    Minute forgotten = minutes.get(forgottenMs);
    if (forgotten != null) {
      if (forgotten.stale != 0) {
        correct(context, out);
      }
      minutes.remove(forgottenMs);
    }
  }

  private void publish(long startMs, int window, OnTimerContext context, Collector<Row> out) throws Exception {
    Minute minute = minutes.get(startMs);
    if (minute == null || (minute.hasEvents & 1 << window) == 0) {
      return;
    }
    boolean closing = (minute.published & 1 << window) == 0;
    minute.published |= 1 << window;
    minutes.put(startMs, minute);
    out.collect(result(startMs, minute, window, closing, context));
  }

  private void correct(OnTimerContext context, Collector<Row> out) throws Exception {
    for (Map.Entry<Long, Minute> entry : minutes.entries()) {
      Minute minute = entry.getValue();
      for (int window = 0; minute.stale != 0; window++) {
        if ((minute.stale & 1 << window) != 0) {
          out.collect(result(entry.getKey(), minute, window, false, context));
          minute.stale &= ~(1 << window);
          entry.setValue(minute);
        }
      }
    }
  }

  private Row result(long minuteMs, Minute minute, int window, boolean closing, OnTimerContext context)
      throws Exception {
    return switch (window) {
      case Minute.HOP -> {
        long revenue = 0;
        for (int i = 0; i < HOP_MINUTES; i++) {
          Minute part = minutes.get(minuteMs + i * MINUTE_MS);
          revenue += part == null ? 0 : part.revenueMinor();
        }
        yield row("hop_5m", minuteMs, HOP_MINUTES * MINUTE_MS, minute.hop, 0, revenue, closing, context);
      }
      case Minute.WHOLE ->
          row("tumble_1m", minuteMs, MINUTE_MS, minute.minute, 0, minute.revenueMinor(), closing, context);
      default ->
          row("tumble_10s", minuteMs + window * SLICE_MS, SLICE_MS, minute.slices, window * Minute.FIGURES,
              minute.revenueMinor[window], closing, context);
    };
  }

  private Row row(
      String kind, long startMs, long lengthMs, long[] counts, int from, long revenue, boolean closing,
      OnTimerContext context) {
    Tuple2<String, String> subject = context.getCurrentKey();
    return Row.of(
        kind, Instant.ofEpochMilli(startMs), Instant.ofEpochMilli(startMs + lengthMs), subject.f0, subject.f1,
        counts[from], counts[from + 1], counts[from + 2], counts[from + BOUGHT], counts[from + Minute.ORDERS], revenue,
        Instant.ofEpochMilli(context.timerService().currentProcessingTime()), closing);
  }

  /** Keys a step by what it counts for. */
  static final class Subject implements KeySelector<RowData, Tuple2<String, String>> {
    private static final long serialVersionUID = 1L;
    private final int dimension;
    private final int value;

    Subject(Rows rows) {
      this.dimension = rows.position("dimension");
      this.value = rows.position("value");
    }

    @Override
    public Tuple2<String, String> getKey(RowData step) {
      return Tuple2.of(Rows.text(step, dimension), Rows.text(step, value));
    }
  }
}
