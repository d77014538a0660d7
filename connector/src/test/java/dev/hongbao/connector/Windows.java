package dev.hongbao.connector;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.metrics.Counter;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.metrics.groups.InternalOperatorMetricGroup;
import org.apache.flink.runtime.metrics.groups.UnregisteredMetricGroups.UnregisteredTaskMetricGroup;
import org.apache.flink.runtime.metrics.util.InterceptingOperatorMetricGroup;
import org.apache.flink.runtime.operators.testutils.MockEnvironment;
import org.apache.flink.runtime.operators.testutils.MockEnvironmentBuilder;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.streaming.api.operators.KeyedProcessOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.types.Row;

/** An operator that counts visits, by itself: events and watermarks go in, rows come out by session. */
final class Windows implements AutoCloseable {

  static final Rows ROWS = new Rows(List.of("session_id", "shopper_id", "event_type", "order_id", "revenue_minor"));

  final Map<String, List<Row>> rows = new HashMap<>();
  private final Supplier<OneInputStreamOperator<RowData, Row>> operator;
  private long dropped;
  KeyedOneInputStreamOperatorTestHarness<Tuple2<String, String>, RowData, Row> harness;
  private MockEnvironment environment;
  private InterceptingOperatorMetricGroup metrics;

  Windows(Supplier<OneInputStreamOperator<RowData, Row>> operator) throws Exception {
    this.operator = operator;
    open(null);
  }

  private void open(OperatorSubtaskState state) throws Exception {
    metrics = new InterceptingOperatorMetricGroup();
    var task =
        new UnregisteredTaskMetricGroup() {
          @Override
          public InternalOperatorMetricGroup getOrAddOperator(OperatorID id, String name) {
            return metrics;
          }
        };
    environment = new MockEnvironmentBuilder().setMetricGroup(task).build();
    harness =
        new KeyedOneInputStreamOperatorTestHarness<>(
            operator.get(), new Sessions.BySession(ROWS), Types.TUPLE(Types.STRING, Types.STRING), environment);
    // What is in state and no POJO stops the test.
    harness.getExecutionConfig().disableGenericTypes();
    harness.setup();
    if (state != null) {
      harness.initializeState(state);
    }
    harness.open();
  }

  void restart() throws Exception {
    OperatorSubtaskState state = harness.snapshot(1, 1);
    long nowMs = harness.getProcessingTime();
    collect();
    dropped = dropped();
    close();
    open(state);
    harness.setProcessingTime(nowMs);
  }

  void view(long atMs) throws Exception {
    take("s", "u", "product_viewed", atMs, null, null);
  }

  void take(String session, String shopper, String type, long atMs, String order, Long minor) throws Exception {
    harness.processElement(
        new StreamRecord<>(
            GenericRowData.of(
                StringData.fromString(session), StringData.fromString(shopper), StringData.fromString(type),
                StringData.fromString(order), minor),
            atMs));
    collect();
  }

  void advance(long watermarkMs) throws Exception {
    harness.processWatermark(new Watermark(watermarkMs));
    collect();
  }

  private void collect() {
    for (Object record : harness.getOutput()) {
      if (record instanceof StreamRecord<?> result) {
        Row row = (Row) result.getValue();
        rows.computeIfAbsent(row.getField(0) + "/" + row.getField(1), key -> new ArrayList<>()).add(row);
      }
    }
    harness.getOutput().clear();
  }

  /** Gives what came since it was asked last, without what is 0. */
  List<String> told() {
    List<String> told = new ArrayList<>();
    rows.values().forEach(session -> session.forEach(row -> told.add(text(row))));
    rows.clear();
    return told;
  }

  private static String text(Row row) {
    StringBuilder text = new StringBuilder();
    text.append(((Instant) row.getField(2)).toEpochMilli()).append("-");
    text.append(((Instant) row.getField(3)).toEpochMilli());
    String[] figures = {"views", "adds", "checkouts", "orders", "revenue"};
    for (int i = 0; i < figures.length; i++) {
      long figure = (long) row.getField(4 + i);
      text.append(figure == 0 ? "" : " " + figures[i] + " " + figure);
    }
    return text.toString();
  }

  /** How many events were too late, in all. */
  long dropped() {
    return dropped + ((Counter) metrics.get("numLateRecordsDropped")).getCount();
  }

  /** When the timers of a process function are due. */
  @SuppressWarnings("unchecked")
  List<Long> timers() throws Exception {
    var function = (KeyedProcessOperator<Tuple2<String, String>, RowData, Row>) harness.getOperator();
    List<Long> timers = new ArrayList<>();
    function
        .getInternalTimerService("user-timers", VoidNamespaceSerializer.INSTANCE, function)
        .forEachEventTimeTimer((namespace, dueMs) -> timers.add(dueMs));
    return timers;
  }

  boolean isEmpty() {
    return harness.numKeyedStateEntries() == 0;
  }

  @Override
  public void close() throws Exception {
    harness.close();
    environment.close();
  }
}
