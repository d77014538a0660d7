package dev.hongbao.connector;

import java.time.Instant;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.metrics.Counter;
import org.apache.flink.streaming.api.TimerService;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.table.api.Table;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.table.data.RowData;
import org.apache.flink.types.Row;
import org.apache.flink.util.Collector;

/**
 * Counts one visit at a time: event-time session windows with allowed lateness.
 *
 * <p>The same rows as Flink's own session windows give, which merge on every event: two maps, a timer deleted and one
 * registered. Here an event that goes on with the only visit is one look into the state. SQL has session windows too,
 * but not with lateness ("Session window doesn't support EMIT strategy currently", Flink 1.20): it would drop what the
 * gate lets through.
 */
public final class Sessions extends KeyedProcessFunction<Tuple2<String, String>, RowData, Row> {

  private static final long serialVersionUID = 1L;
  private static final TypeInformation<Visits> VISITS = Types.POJO(Visits.class);

  /** What a visit's row holds; the names of session_result.avsc. */
  private static final TypeInformation<Row> RESULT =
      Types.ROW_NAMED(
          new String[] {
            "session_id", "shopper_id", "window_start", "window_end", "views", "adds", "checkouts",
            "orders", "revenue_minor", "computed_at"
          },
          Types.STRING, Types.STRING, Types.INSTANT, Types.INSTANT, Types.LONG, Types.LONG, Types.LONG,
          Types.LONG, Types.LONG, Types.INSTANT);

  private final int eventType;
  private final int orderId;
  private final int revenueMinor;
  private final long gapMs;
  private final long latenessMs;
  private final int niceness;
  private transient ValueState<Visits> ofSession;
  private transient Texts texts;
  private transient Counter late;

  Sessions(Rows rows, long gapMs, long latenessMs, int niceness) {
    this.eventType = rows.position("event_type");
    this.orderId = rows.position("order_id");
    this.revenueMinor = rows.position("revenue_minor");
    this.gapMs = gapMs;
    this.latenessMs = latenessMs;
    this.niceness = niceness;
  }

  /**
   * Gives a row when a visit has ended, and again, corrected, after each late event it lets in.
   *
   * @param events a table with shopper_id, session_id, event_type, order_id, revenue_minor and a rowtime
   * @param gapMs a visit ends after this long without an event, in milliseconds
   * @param latenessMs how long after its end a visit can still be corrected, in milliseconds
   * @param niceness of the threads that count, see {@link Niceness}
   */
  public static DataStream<Row> of(
      StreamTableEnvironment tables, Table events, long gapMs, long latenessMs, int niceness) {
    Rows rows = new Rows(events);
    return Rows.stream(tables, events)
        .keyBy(new BySession(rows), Types.TUPLE(Types.STRING, Types.STRING))
        .process(new Sessions(rows, gapMs, latenessMs, niceness), RESULT)
        .uid("conversion-visits")
        .name("conversion-visits");
  }

  @Override
  public void open(Configuration parameters) {
    Niceness.take(niceness);
    ofSession = getRuntimeContext().getState(new ValueStateDescriptor<>("visits", VISITS));
    texts = new Texts();
    late = getRuntimeContext().getMetricGroup().counter("numLateRecordsDropped");
  }

  @Override
  public void processElement(RowData event, Context context, Collector<Row> out) throws Exception {
    TimerService timers = context.timerService();
    long startMs = context.timestamp();
    long endMs = startMs + gapMs;
    Visits visits = ofSession.value();
    if (visits == null) {
      visits = new Visits();
    }
    Visit visit = visits.join(startMs, endMs);
    if (visit == null) {
      if (endMs - 1 + latenessMs <= timers.currentWatermark()) {
        late.inc();
        return;
      }
      visit = visits.open(startMs, endMs);
    }
    count(event, visit);
    visit.due = visit.lastMs() > timers.currentWatermark();
    if (!visit.due) {
      out.collect(row(visit, context));
    }
    wake(visits, timers);
    ofSession.update(visits);
  }

  private void count(RowData event, Visit visit) {
    switch (texts.of(event, eventType)) {
      case "product_viewed" -> visit.views++;
      case "product_added" -> visit.adds++;
      case "checkout_started" -> visit.checkouts++;
      case "order_completed" ->
          visit.order(Rows.text(event, orderId), event.isNullAt(revenueMinor) ? 0 : event.getLong(revenueMinor));
      default -> {}
    }
  }

  @Override
  public void onTimer(long timestamp, OnTimerContext context, Collector<Row> out) throws Exception {
    Visits visits = ofSession.value();
    for (Visit visit : visits.visits) {
      if (visit.due && visit.lastMs() <= timestamp) {
        visit.due = false;
        out.collect(row(visit, context));
      }
    }
    visits.forget(timestamp - latenessMs);
    if (visits.visits.length == 0) {
      ofSession.clear();
      return;
    }
    visits.timerMs = Visits.NEVER;
    wake(visits, context.timerService());
    ofSession.update(visits);
  }

  /** One timer at a time: an event that makes a visit longer leaves it, and the timer sets the next. */
  private void wake(Visits visits, TimerService timers) {
    long dueMs = visits.nextMs(latenessMs);
    if (dueMs < visits.timerMs) {
      if (visits.timerMs != Visits.NEVER) {
        timers.deleteEventTimeTimer(visits.timerMs);
      }
      visits.timerMs = dueMs;
      timers.registerEventTimeTimer(dueMs);
    }
  }

  private static Row row(Visit visit, Context context) {
    Tuple2<String, String> session = context.getCurrentKey();
    return Row.of(
        session.f0, session.f1, Instant.ofEpochMilli(visit.startMs), Instant.ofEpochMilli(visit.endMs), visit.views,
        visit.adds, visit.checkouts, (long) visit.orders.length, visit.revenueMinor,
        Instant.ofEpochMilli(context.timerService().currentProcessingTime()));
  }

  /** Keys an event by its session id and its shopper: a client may give two shoppers the same id. */
  static final class BySession implements KeySelector<RowData, Tuple2<String, String>> {
    private static final long serialVersionUID = 1L;
    private final int sessionId;
    private final int shopperId;

    BySession(Rows rows) {
      this.sessionId = rows.position("session_id");
      this.shopperId = rows.position("shopper_id");
    }

    @Override
    public Tuple2<String, String> getKey(RowData event) {
      return Tuple2.of(Rows.text(event, sessionId), Rows.text(event, shopperId));
    }
  }
}
