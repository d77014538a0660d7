package dev.hongbao.connector;

import java.time.Instant;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.types.Row;

/**
 * One change of a category's price, by the fields of {@code price_trigger.avsc}, their order in a row too. Public fields because Flink's POJO
 * format carries them over an upgrade that adds one.
 */
public class PriceChange {

  static final String CONTRACT = "price_trigger";

  static final TypeInformation<Row> ROW =
      Types.ROW_NAMED(
          new String[] {
            "price_id", "category", "rule_version", "reason", "previous_percent", "price_percent", "window_kind",
            "window_start", "window_end", "viewers", "buyers", "conversion_rate", "low", "high", "floor_percent",
            "ceiling_percent", "decided_at", "sent_before"
          },
          Types.STRING, Types.STRING, Types.INT, Types.STRING, Types.INT, Types.INT, Types.STRING, Types.INSTANT,
          Types.INSTANT, Types.LONG, Types.LONG, Types.DOUBLE, Types.DOUBLE, Types.DOUBLE, Types.INT, Types.INT,
          Types.INSTANT, Types.BOOLEAN);

  public String priceId;
  public String category;
  public int ruleVersion;
  public String reason;
  public int previousPercent;
  public int pricePercent;
  public String windowKind;
  public long windowStartMs;
  public long windowEndMs;
  public long viewers;
  public long buyers;
  public double low;
  public double high;
  public int floorPercent;
  public int ceilingPercent;
  public long decidedMs;

  /** Gives the change that a message on the topic tells. */
  static PriceChange of(GenericRowData trigger) {
    PriceChange change = new PriceChange();
    change.priceId = text(trigger, "price_id");
    change.category = text(trigger, "category");
    change.ruleVersion = trigger.getInt(position("rule_version"));
    change.reason = text(trigger, "reason");
    change.previousPercent = trigger.getInt(position("previous_percent"));
    change.pricePercent = trigger.getInt(position("price_percent"));
    change.windowKind = text(trigger, "window_kind");
    change.windowStartMs = millis(trigger, "window_start");
    change.windowEndMs = millis(trigger, "window_end");
    change.viewers = trigger.getLong(position("viewers"));
    change.buyers = trigger.getLong(position("buyers"));
    change.low = trigger.getDouble(position("low"));
    change.high = trigger.getDouble(position("high"));
    change.floorPercent = trigger.getInt(position("floor_percent"));
    change.ceilingPercent = trigger.getInt(position("ceiling_percent"));
    change.decidedMs = millis(trigger, "decided_at");
    return change;
  }

  private static String text(GenericRowData trigger, String field) {
    return trigger.getString(position(field)).toString();
  }

  private static long millis(GenericRowData trigger, String field) {
    return trigger.getTimestamp(position(field), 3).getMillisecond();
  }

  private static int position(String field) {
    return TopicRecords.position(CONTRACT, field);
  }

  /** {@code sentBefore}: it is on the topic, and lands only. */
  Row row(boolean sentBefore) {
    return Row.of(
        priceId, category, ruleVersion, reason, previousPercent, pricePercent, windowKind,
        Instant.ofEpochMilli(windowStartMs), Instant.ofEpochMilli(windowEndMs), viewers, buyers,
        viewers == 0 ? null : (Double) ((double) buyers / viewers), low, high, floorPercent, ceilingPercent,
        Instant.ofEpochMilli(decidedMs), sentBefore);
  }
}
