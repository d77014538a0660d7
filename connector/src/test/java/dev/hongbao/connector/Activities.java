package dev.hongbao.connector;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.api.operators.KeyedProcessOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.runtime.typeutils.RowDataSerializer;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.VarCharType;

/** The operator Activity by itself: events go in by field, rows come out by column. */
final class Activities implements AutoCloseable {

  static final long QUIET_MS = 1_800_000;
  static final long FORGET_MS = 3_600_000;
  static final long LOOKS_MS = 86_400_000;
  static final long BUYER_MS = 400 * 86_400_000L;
  static final long VISITOR_MS = 30 * 86_400_000L;

  private static final List<String> COLUMNS =
      List.of(
          "verdict", "shopper_id", "message_id", "event_id", "event_type", "product_id", "category", "quantity",
          "price_minor", "currency", "campaign_id", "store_id", "membership_tier", "occurred_at", "published_at",
          "read_at", "order_id", "coupon_id");
  private static final RowType OUT = Activity.type();

  final KeyedOneInputStreamOperatorTestHarness<StringData, RowData, RowData> harness;
  private int events;
  private int taken;

  Activities(OperatorSubtaskState state) throws Exception {
    harness =
        new KeyedOneInputStreamOperatorTestHarness<>(
            new KeyedProcessOperator<>(
                new Activity(new Rows(COLUMNS), "CNY", QUIET_MS, FORGET_MS, LOOKS_MS, BUYER_MS, VISITOR_MS)),
            row -> row.getString(1),
            InternalTypeInfo.of(new VarCharType(VarCharType.MAX_LENGTH)));
    harness.setup(new RowDataSerializer(OUT));
    if (state != null) {
      harness.initializeState(state);
    }
    harness.open();
  }

  /** Takes an event of anna's at a moment; what it was to her. */
  Map<String, Object> event(String type, long atMs, Object... fields) throws Exception {
    Map<String, Object> all = new HashMap<>();
    all.put("event_id", "event-" + ++events);
    for (int i = 0; i < fields.length; i += 2) {
      all.put((String) fields[i], fields[i + 1]);
    }
    return event("anna", type, atMs, atMs, all);
  }

  /** Takes an event that arrives at its own moment. */
  Map<String, Object> event(String shopper, String type, long occurredMs, long arrivedMs, Map<String, Object> fields)
      throws Exception {
    if (arrivedMs > harness.getProcessingTime()) {
      harness.setProcessingTime(arrivedMs);
    }
    rows();
    GenericRowData row = new GenericRowData(COLUMNS.size());
    for (int i = 0; i < COLUMNS.size(); i++) {
      Object value = fields.get(COLUMNS.get(i));
      row.setField(i, value instanceof String text ? StringData.fromString(text) : value);
    }
    set(row, "verdict", StringData.fromString("ok"));
    set(row, "shopper_id", StringData.fromString(shopper));
    set(row, "event_type", StringData.fromString(type));
    set(row, "membership_tier", StringData.fromString("none"));
    for (String time : List.of("occurred_at", "published_at", "read_at")) {
      set(row, time, TimestampData.fromEpochMillis(occurredMs));
    }
    harness.processElement(new StreamRecord<>(row));
    List<Map<String, Object>> found = rows();
    return found.get(found.size() - 1);
  }

  /** Gives the rows that came since it was asked last. */
  List<Map<String, Object>> rows() {
    List<Object> all = new ArrayList<>(harness.getOutput());
    List<Map<String, Object>> found = new ArrayList<>();
    for (; taken < all.size(); taken++) {
      found.add(named(((StreamRecord<RowData>) all.get(taken)).getValue()));
    }
    return found;
  }

  private static Map<String, Object> named(RowData row) {
    Map<String, Object> named = new HashMap<>();
    for (int i = 0; i < OUT.getFieldCount(); i++) {
      Object value = ((GenericRowData) row).getField(i);
      named.put(OUT.getFieldNames().get(i), value instanceof StringData text ? text.toString() : value);
    }
    return named;
  }

  private static void set(GenericRowData row, String column, Object value) {
    row.setField(COLUMNS.indexOf(column), value);
  }

  @Override
  public void close() throws Exception {
    harness.close();
  }
}
