package dev.hongbao.connector;

import java.util.Map;
import java.util.Set;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonProcessingException;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;

/**
 * One version of a model that offers are chosen by. What it says is the judge's; here it is only told whether it is one.
 *
 * @param chosenMs when it was chosen to be used; 0 of one that never was
 */
record OfferModel(String name, int version, long chosenMs, String text) {

  /** A text goes to Python with each candidate: at this size that takes some 0.1 ms. */
  static final int MOST_CHARACTERS = 262_144;

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Map<String, Set<String>> KEYS =
      Map.of(
          "scorecard", Set.of("horizon_ms", "base_points", "base_odds", "double_points", "attributes"),
          "boosted", Set.of("horizon_ms", "inputs", "baseline", "trees"));

  /**
   * Reads what {@code hongbao model publish} publishes.
   *
   * @throws IllegalArgumentException with a sentence where it is none
   */
  static OfferModel parse(String name, int version, String status, long publishedMs, String definition) {
    String model = "model " + name + " version " + version;
    if (definition.length() > MOST_CHARACTERS) {
      throw new IllegalArgumentException(
          model + " has " + definition.length() + " characters; " + MOST_CHARACTERS + " at most");
    }
    JsonNode root;
    try {
      root = JSON.readTree(definition);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(model + " is no JSON: " + e.getOriginalMessage());
    }
    Set<String> keys = KEYS.get(root.path("kind").asText());
    if (keys == null) {
      throw new IllegalArgumentException(model + ": kind is " + root.path("kind") + "; there are scorecard and boosted");
    }
    if (!root.path("name").asText().equals(name) || root.path("version").asInt() != version) {
      throw new IllegalArgumentException(
          model + ": its definition is of " + root.path("name") + " version " + root.path("version"));
    }
    for (String key : keys) {
      if (!root.has(key)) {
        throw new IllegalArgumentException(model + ": it has no " + key);
      }
    }
    return new OfferModel(name, version, status.equals("used") ? publishedMs : 0, definition);
  }

  String key() {
    return name + " " + version;
  }
}
