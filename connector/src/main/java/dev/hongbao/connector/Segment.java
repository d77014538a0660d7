package dev.hongbao.connector;

import java.util.HashMap;
import java.util.Map;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;

/** The shoppers whose features lie within every bound; one that is not known lies within none. */
record Segment(Map<String, Bounds> bounds) {

  /** What a feature is at least and at most, both included. */
  record Bounds(long atLeast, long atMost) {}

  /**
   * Reads a definition's segment.
   *
   * @throws IllegalArgumentException with a sentence where it is none
   */
  static Segment parse(String name, JsonNode features) {
    Map<String, Bounds> bounds = new HashMap<>();
    tables("segment " + name, features).forEach((feature, json) -> bounds.put(feature, bounds(name, feature, json)));
    return new Segment(bounds);
  }

  boolean holds(Features features) {
    for (Map.Entry<String, Bounds> bound : bounds.entrySet()) {
      Long value = features.get(bound.getKey());
      if (value == null || value < bound.getValue().atLeast || value > bound.getValue().atMost) {
        return false;
      }
    }
    return true;
  }

  /** Gives what an object holds by key; one without a key would say nothing, and so let everybody in. */
  static Map<String, JsonNode> tables(String what, JsonNode object) {
    Map<String, JsonNode> tables = new HashMap<>();
    object.fields().forEachRemaining(field -> tables.put(field.getKey(), field.getValue()));
    if (tables.isEmpty()) {
      throw new IllegalArgumentException(what + " is " + object + "; it must have at least one key");
    }
    return tables;
  }

  private static Bounds bounds(String segment, String feature, JsonNode json) {
    if (!json.hasNonNull("at_least") && !json.hasNonNull("at_most")) {
      throw new IllegalArgumentException(
          "segment " + segment + ": " + feature + " is " + json + "; it must have at_least, at_most or both");
    }
    return new Bounds(
        json.hasNonNull("at_least") ? Campaign.whole(json, "at_least") : Long.MIN_VALUE,
        json.hasNonNull("at_most") ? Campaign.whole(json, "at_most") : Long.MAX_VALUE);
  }
}
