package dev.hongbao.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Map;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.StringData;
import org.junit.jupiter.api.Test;

class PriceRuleTest {

  @Test
  void recordThatSaysNothingValidIsNamed() {
    GenericRowData row = record();
    assertEquals(0.5, PriceRule.of(row).high());
    row.setField(TopicRecords.position("price_rule", "high"), 0.2);
    var refused = assertThrows(IllegalArgumentException.class, () -> PriceRule.of(row));
    assertEquals(
        "price rule of tea version 3: low is 0.2; it must be above 0 and below high 0.2", refused.getMessage());
  }

  private static GenericRowData record() {
    GenericRowData row = new GenericRowData(Contract.load("price_rule").schema().getFields().size());
    Map<String, Object> values =
        Map.of(
            "category", StringData.fromString("tea"), "version", 3, "status", StringData.fromString("active"),
            "window_kind", StringData.fromString("hop_5m"), "least_viewers", 10L, "low", 0.2, "high", 0.5);
    values.forEach((name, value) -> row.setField(TopicRecords.position("price_rule", name), value));
    Map.of("step_percent", 5, "floor_percent", 80, "ceiling_percent", 100, "hold_ms", 0L)
        .forEach((name, value) -> row.setField(TopicRecords.position("price_rule", name), value));
    return row;
  }
}
