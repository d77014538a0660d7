package dev.hongbao.connector;

import java.time.Instant;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.types.Row;

/**
 * One change of a category's price, by the fields of {@code price_trigger.avsc}. Public fields because Flink's POJO
 * format carries them over an upgrade that adds one.
 */
public class PriceChange {

  static final TypeInformation<Row> ROW =
      Types.ROW_NAMED(
          new String[] {
            "price_id", "category", "rule_version", "reason", "previous_percent", "price_percent", "window_kind",
            "window_start", "window_end", "viewers", "buyers", "conversion_rate", "low", "high", "floor_percent",
            "ceiling_percent", "decided_at"
          },
          Types.STRING, Types.STRING, Types.INT, Types.STRING, Types.INT, Types.INT, Types.STRING, Types.INSTANT,
          Types.INSTANT, Types.LONG, Types.LONG, Types.DOUBLE, Types.DOUBLE, Types.DOUBLE, Types.INT, Types.INT,
          Types.INSTANT);

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

  Row row() {
    return Row.of(
        priceId, category, ruleVersion, reason, previousPercent, pricePercent, windowKind,
        Instant.ofEpochMilli(windowStartMs), Instant.ofEpochMilli(windowEndMs), viewers, buyers,
        viewers == 0 ? null : (Double) ((double) buyers / viewers), low, high, floorPercent, ceilingPercent,
        Instant.ofEpochMilli(decidedMs));
  }
}
