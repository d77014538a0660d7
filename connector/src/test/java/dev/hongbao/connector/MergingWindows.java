package dev.hongbao.connector;

import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.dag.Transformation;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.operators.SimpleOperatorFactory;
import org.apache.flink.streaming.api.transformations.OneInputTransformation;
import org.apache.flink.streaming.api.windowing.assigners.EventTimeSessionWindows;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.types.Row;
import org.apache.flink.util.Collector;

/** Visits as Flink's own session windows count them: what {@link Sessions} is held to. */
final class MergingWindows {

  private MergingWindows() {}

  @SuppressWarnings("unchecked")
  static OneInputStreamOperator<RowData, Row> operator(Rows rows, long gapMs, long latenessMs) {
    Transformation<Row> windows =
        StreamExecutionEnvironment.createLocalEnvironment(1)
            .fromSequence(1, 1)
            .map(number -> (RowData) GenericRowData.of(number))
            .returns(RowData.class)
            .keyBy(new Sessions.BySession(rows), Types.TUPLE(Types.STRING, Types.STRING))
            .window(EventTimeSessionWindows.withGap(Duration.ofMillis(gapMs)))
            .allowedLateness(Duration.ofMillis(latenessMs))
            .aggregate(
                new Count(rows), new Describe(), TypeInformation.of(Tally.class), Types.GENERIC(Row.class),
                Types.GENERIC(Row.class))
            .getTransformation();
    var factory = (SimpleOperatorFactory<Row>) ((OneInputTransformation<RowData, Row>) windows).getOperatorFactory();
    return (OneInputStreamOperator<RowData, Row>) factory.getOperator();
  }

  /** How far a visit came. */
  public static class Tally {
    public long views;
    public long adds;
    public long checkouts;
    public long revenueMinor;
    public String[] orders = new String[0];
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

  private static final class Describe extends ProcessWindowFunction<Row, Row, Tuple2<String, String>, TimeWindow> {
    private static final long serialVersionUID = 1L;

    @Override
    public void process(Tuple2<String, String> session, Context context, Iterable<Row> counted, Collector<Row> out) {
      Row row = counted.iterator().next();
      row.setField(0, session.f0);
      row.setField(1, session.f1);
      row.setField(2, Instant.ofEpochMilli(context.window().getStart()));
      row.setField(3, Instant.ofEpochMilli(context.window().getEnd()));
      row.setField(9, Instant.ofEpochMilli(context.currentProcessingTime()));
      out.collect(row);
    }
  }
}
