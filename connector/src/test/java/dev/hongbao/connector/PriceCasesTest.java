package dev.hongbao.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;

/** Holds pricing to the reference in Python: both decide tests/prices/price_cases.json. */
class PriceCasesTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  @Test
  void decidesAsTheReference() throws Exception {
    Map<String, PriceLevel> levels = new HashMap<>();
    int number = 0;
    for (JsonNode step : JSON.readTree(Path.of("../tests/prices/price_cases.json").toFile())) {
      PriceRule rule = rule(step.get("rule"), step.get("version").asInt());
      JsonNode window = step.get("window");
      PriceChange found =
          Pricing.decide(
              rule, levels.computeIfAbsent(rule.category(), category -> new PriceLevel()),
              PriceWindow.of(
                  window.get("kind").asText(), window.get("start_ms").asLong(), window.get("end_ms").asLong(),
                  window.get("viewers").asLong(), window.get("buyers").asLong()),
              step.get("now_ms").asLong());
      JsonNode wanted = step.get("change");
      if (wanted.isNull()) {
        assertNull(found, "step " + number);
      } else {
        assertEquals(
            List.of(
                wanted.get("price_id").asText(), wanted.get("reason").asText(), wanted.get("previous_percent").asInt(),
                wanted.get("percent").asInt()),
            List.of(found.priceId, found.reason, found.previousPercent, found.pricePercent), "step " + number);
      }
      number++;
    }
    assertEquals(300, number);
  }

  private static PriceRule rule(JsonNode rule, int version) {
    return new PriceRule(
        rule.get("category").asText(), version, true, rule.get("window_kind").asText(),
        rule.get("least_viewers").asLong(), rule.get("low").asDouble(), rule.get("high").asDouble(),
        rule.get("step_percent").asInt(), rule.get("floor_percent").asInt(), rule.get("ceiling_percent").asInt(),
        rule.get("hold_ms").asLong());
  }
}
