package dev.hongbao.connector;

import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.assigners.EventTimeSessionWindows;
import org.apache.flink.streaming.api.windowing.time.Time;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.table.api.Table;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.table.data.RowData;
import org.apache.flink.types.Row;
import org.apache.flink.util.Collector;

/**
 * Counts one visit at a time: event-time session windows with allowed lateness.
 *
 * <p>SQL has session windows too, but not with lateness ("Session window doesn't support EMIT
 * strategy currently", Flink 1.20): it would drop what the gate lets through.
 */
public final class Sessions {

  /** What a visit's row holds; the names of session_result.avsc. */
  private static final TypeInformation<Row> RESULT =
      Types.ROW_NAMED(
          new String[] {
            "session_id", "shopper_id", "window_start", "window_end", "views", "adds", "checkouts",
            "orders", "revenue_minor", "computed_at"
          },
          Types.STRING, Types.STRING, Types.INSTANT, Types.INSTANT, Types.LONG, Types.LONG, Types.LONG,
          Types.LONG, Types.LONG, Types.INSTANT);

  private Sessions() {}

  /**
   * Gives a row when a visit has ended, and again, corrected, after each late event it lets in.
   *
   * @param events a table with shopper_id, session_id, event_type, order_id, revenue_minor and a rowtime
   * @param gapMs a visit ends after this long without an event, in milliseconds
   * @param latenessMs how long after its end a visit can still be corrected, in milliseconds
   */
  public static DataStream<Row> of(
      StreamTableEnvironment tables, Table events, long gapMs, long latenessMs, int niceness) {
    Rows rows = new Rows(events);
    return Rows.stream(tables, events)
        .keyBy(new Visit(rows), Types.TUPLE(Types.STRING, Types.STRING))
        .window(EventTimeSessionWindows.withGap(Time.milliseconds(gapMs)))
        .allowedLateness(Time.milliseconds(latenessMs))
        .aggregate(new Count(rows), new Describe(niceness), TypeInformation.of(Tally.class), RESULT, RESULT)
        .uid("conversion-sessions")
        .name("conversion-sessions");
  }

  /** How far a visit came. */
  public static class Tally {
    public long views;
    public long adds;
    public long checkouts;
    public long revenueMinor;
    public String[] orders = new String[0];
  }

  private static final class Visit implements KeySelector<RowData, Tuple2<String, String>> {
    private static final long serialVersionUID = 1L;
    private final int sessionId;
    private final int shopperId;

    Visit(Rows rows) {
      this.sessionId = rows.position("session_id");
      this.shopperId = rows.position("shopper_id");
    }

    @Override
    public Tuple2<String, String> getKey(RowData event) {
      return Tuple2.of(Rows.text(event, sessionId), Rows.text(event, shopperId));
    }
  }

  private static final class Count implements AggregateFunction<RowData, Tally, Row> {
    private static final long serialVersionUID = 1L;
    private final int eventType;
    private final int orderId;
    private final int revenueMinor;

    Count(Rows rows) {
      this.eventType = rows.position("event_type");
      this.orderId = rows.position("order_id");
      this.revenueMinor = rows.position("revenue_minor");
    }

    @Override
    public Tally createAccumulator() {
      return new Tally();
    }

    @Override
    public Tally add(RowData event, Tally tally) {
      switch (Rows.text(event, eventType)) {
        case "product_viewed" -> tally.views++;
        case "product_added" -> tally.adds++;
        case "checkout_started" -> tally.checkouts++;
        case "order_completed" -> {
          tally.orders = union(tally.orders, new String[] {Rows.text(event, orderId)});
          tally.revenueMinor += event.isNullAt(revenueMinor) ? 0 : event.getLong(revenueMinor);
        }
        default -> {}
      }
      return tally;
    }

    @Override
    public Row getResult(Tally tally) {
      return Row.of(
          null, null, null, null, tally.views, tally.adds, tally.checkouts, (long) tally.orders.length,
          tally.revenueMinor, null);
    }

    @Override
    public Tally merge(Tally into, Tally from) {
      into.views += from.views;
      into.adds += from.adds;
      into.checkouts += from.checkouts;
      into.revenueMinor += from.revenueMinor;
      into.orders = union(into.orders, from.orders);
      return into;
    }

    private static String[] union(String[] left, String[] right) {
      Set<String> orders = new HashSet<>(Set.of(left));
      orders.addAll(Set.of(right));
      return orders.toArray(String[]::new);
    }
  }

  private static final class Describe
      extends ProcessWindowFunction<Row, Row, Tuple2<String, String>, TimeWindow> {
    private static final long serialVersionUID = 1L;
    private final int niceness;

    Describe(int niceness) {
      this.niceness = niceness;
    }

    @Override
    public void open(Configuration parameters) {
      Niceness.take(niceness);
    }

    @Override
    public void process(
        Tuple2<String, String> visit, Context context, Iterable<Row> counted, Collector<Row> out) {
      Row row = counted.iterator().next();
      row.setField(0, visit.f0);
      row.setField(1, visit.f1);
      row.setField(2, Instant.ofEpochMilli(context.window().getStart()));
      row.setField(3, Instant.ofEpochMilli(context.window().getEnd()));
      row.setField(9, Instant.ofEpochMilli(context.currentProcessingTime()));
      out.collect(row);
    }
  }
}
