package dev.hongbao.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.table.data.RawValueData;
import org.junit.jupiter.api.Test;

/** Holds activity's features to warehouse/features.sql: both find those of tests/warehouse/feature_cases.json. */
class FeatureCasesTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final FeaturesFunction FEATURES = new FeaturesFunction();

  @Test
  void findsWhatDuckDbFindsAcrossRestarts() throws Exception {
    JsonNode cases = JSON.readTree(Path.of("../tests/warehouse/feature_cases.json").toFile());
    for (JsonNode shopper : cases.get("shoppers")) {
      JsonNode events = shopper.get("events");
      OperatorSubtaskState state = half(cases.get("names"), shopper, null, 0, events.size() / 2);
      half(cases.get("names"), shopper, state, events.size() / 2, events.size());
    }
  }

  private static OperatorSubtaskState half(
      JsonNode names, JsonNode shopper, OperatorSubtaskState state, int from, int to) throws Exception {
    try (Activities activities = new Activities(state)) {
      for (int i = from; i < to; i++) {
        JsonNode event = shopper.get("events").get(i);
        JsonNode found = JSON.readTree(features(activities, event));
        List<JsonNode> values = new ArrayList<>();
        names.forEach(name -> values.add(found.get(name.asText())));
        assertEquals(JSON.valueToTree(values), JSON.readTree(shopper.get("features").get(i).toString()), event.toString());
        assertEquals(names.size(), found.size());
      }
      return activities.harness.snapshot(1, 1);
    }
  }

  private static String features(Activities activities, JsonNode event) throws Exception {
    Map<String, Object> fields = new HashMap<>();
    for (String text : List.of("event_id", "currency", "order_id", "coupon_id", "category")) {
      fields.put(text, event.hasNonNull(text) ? event.get(text).asText() : null);
    }
    fields.put("price_minor", event.hasNonNull("price_minor") ? event.get("price_minor").asLong() : null);
    fields.put("quantity", event.hasNonNull("quantity") ? event.get("quantity").asInt() : null);
    Map<String, Object> row =
        activities.event(
            event.get("shopper_id").asText(), event.get("event_type").asText(), event.get("occurred_ms").asLong(),
            event.get("appended_ms").asLong(), fields);
    Object shopper = ((RawValueData<?>) row.get("shopper")).toObject(null);
    return FEATURES.eval(shopper, (String) row.get("category"));
  }

  @Test
  void shopperOfBeforeThereWereFeaturesHasNone() {
    assertNull(FEATURES.eval(null, "tea"));
    assertNull(FEATURES.eval(new Shopper(), "tea"));
    assertThrows(IllegalArgumentException.class, () -> FEATURES.eval("anna", "tea"));
  }
}
