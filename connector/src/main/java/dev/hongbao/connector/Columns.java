package dev.hongbao.connector;

import java.io.Serializable;
import java.util.List;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.types.logical.RowType;

/** Where a click's columns lie in the declared table; the ones the connector itself reads must be there. */
record Columns(int verdict, int eventId, int shopperId, int messageId, int occurredAt, int reason, int field,
    int payload, int watermarkAt, int lateByMs) implements Serializable {

  static final String OK = "ok";
  static final String DEAD = "dead";
  static final String DUPLICATE = "duplicate";
  static final String LATE = "late";

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
