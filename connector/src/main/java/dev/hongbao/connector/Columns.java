package dev.hongbao.connector;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.types.logical.LocalZonedTimestampType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.VarCharType;

/** Where a click's columns lie in a row; the ones the connector itself reads must be there. */
record Columns(int verdict, int eventId, int shopperId, int messageId, int occurredAt, int reason, int field,
    int payload, int watermarkAt, int lateByMs) implements Serializable {

  static final String OK = "ok";
  static final String DEAD = "dead";
  static final String DUPLICATE = "duplicate";
  static final String LATE = "late";

  private static final LogicalType TEXT = new VarCharType(VarCharType.MAX_LENGTH);
  private static final Map<String, LogicalType> READ =
      new TreeMap<>(
          Map.of(
              "verdict", TEXT,
              "event_id", TEXT,
              "shopper_id", TEXT,
              "message_id", TEXT,
              "occurred_at", new LocalZonedTimestampType(3)));

  /** Gives the row with what the connector itself reads added at its end. */
  static RowType completed(RowType row) {
    List<RowType.RowField> fields = new ArrayList<>(row.getFields());
    READ.forEach(
        (name, type) -> {
          if (row.getFieldIndex(name) < 0) {
            fields.add(new RowType.RowField(name, type));
          }
        });
    return new RowType(row.isNullable(), fields);
  }

  static Columns of(RowType row) {
    return new Columns(
        required(row, "verdict"), required(row, "event_id"), required(row, "shopper_id"),
        required(row, "message_id"), required(row, "occurred_at"), row.getFieldIndex("reason"),
        row.getFieldIndex("field"), row.getFieldIndex("payload"), row.getFieldIndex("watermark_at"),
        row.getFieldIndex("late_by_ms"));
  }

  private static int required(RowType row, String name) {
    int position = row.getFieldIndex(name);
    if (position < 0) {
      throw new ValidationException(
          "clicks: no column " + name + " among " + List.copyOf(row.getFieldNames()) + "; declare it");
    }
    return position;
  }
}
