package dev.hongbao.connector;

import java.util.Set;
import org.apache.flink.table.data.GenericRowData;

/** One version of the rule that moves a category's price; {@code low} and {@code high} are buyers / viewers. */
record PriceRule(
    String category,
    int version,
    boolean active,
    String windowKind,
    long leastViewers,
    double low,
    double high,
    int stepPercent,
    int floorPercent,
    int ceilingPercent,
    long holdMs) {

  static final String CONTRACT = "price_rule";
  private static final Set<String> WINDOW_KINDS = Set.of("tumble_10s", "tumble_1m", "hop_5m");

  /**
   * Reads the record that {@code hongbao price apply} publishes.
   *
   * @throws IllegalArgumentException with a sentence where it says nothing valid: whoever published it did not go
   *     through the check
   */
  static PriceRule of(GenericRowData row) {
    PriceRule rule =
        new PriceRule(
            text(row, "category"), row.getInt(position("version")), text(row, "status").equals("active"),
            text(row, "window_kind"), row.getLong(position("least_viewers")), row.getDouble(position("low")),
            row.getDouble(position("high")), row.getInt(position("step_percent")),
            row.getInt(position("floor_percent")), row.getInt(position("ceiling_percent")),
            row.getLong(position("hold_ms")));
    rule.require(WINDOW_KINDS.contains(rule.windowKind), "window_kind is " + rule.windowKind + "; there are " + WINDOW_KINDS);
    rule.require(rule.leastViewers >= 1, "least_viewers is " + rule.leastViewers + "; the least is 1");
    rule.require(rule.low > 0 && rule.low < rule.high, "low is " + rule.low + "; it must be above 0 and below high " + rule.high);
    rule.require(rule.stepPercent >= 1, "step_percent is " + rule.stepPercent + "; the least is 1");
    rule.require(
        rule.floorPercent >= 1 && rule.floorPercent <= rule.ceilingPercent,
        "floor_percent is " + rule.floorPercent + "; it must be at least 1 and at most ceiling_percent " + rule.ceilingPercent);
    rule.require(rule.holdMs >= 0, "hold_ms is " + rule.holdMs + "; the least is 0");
    return rule;
  }

  private void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalArgumentException("price rule of " + category + " version " + version + ": " + otherwise);
    }
  }

  private static String text(GenericRowData row, String field) {
    return row.getString(position(field)).toString();
  }

  private static int position(String field) {
    return TopicRecords.position(CONTRACT, field);
  }
}
