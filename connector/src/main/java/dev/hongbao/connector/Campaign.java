package dev.hongbao.connector;

import java.util.Set;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonProcessingException;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * One version of a campaign, as far as it decides who is asked: when, which pattern, which shopper.
 *
 * <p>What it offers and within which limits stays in {@code text}, for the judge and for governance.
 */
record Campaign(
    String name,
    int version,
    boolean active,
    long startsMs,
    long endsMs,
    Set<String> patterns,
    Audience audience,
    boolean choosesByModel,
    String text) {

  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * Reads the definition that {@code hongbao campaign apply} publishes.
   *
   * @throws IllegalArgumentException with a sentence where it is none: whoever published it did not go through the check
   */
  static Campaign parse(String name, int version, String status, String definition) {
    JsonNode root;
    try {
      root = JSON.readTree(definition);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("campaign " + name + " version " + version + " is no JSON: " + e.getMessage());
    }
    try {
      if (!root.required("name").asText().equals(name)) {
        throw new IllegalArgumentException("its definition is of " + root.get("name").asText());
      }
      if (root.required("offers").isEmpty()) {
        throw new IllegalArgumentException("it has no offers");
      }
      for (String key : new String[] {"caps", "budget", "holdout", "valid_ms", "priority", "lane"}) {
        root.required(key);
      }
      JsonNode asked = root.required("audience");
      Audience audience = Audience.parse(asked);
      if (asked instanceof ObjectNode object) {
        // The bounds are asked here: what goes along with each candidate need not carry them.
        object.remove("segments");
      }
      return new Campaign(
          name, version, status.equals("active"), whole(root, "starts_ms"), whole(root, "ends_ms"),
          Audience.texts(root.required("patterns")), audience,
          root.path("choice").path("by").asText().equals("model"),
          "{\"version\":" + version + "," + root.toString().substring(1));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("campaign " + name + " version " + version + ": " + e.getMessage(), e);
    }
  }

  /** Gives the limits that outlive a coupon, for one that was issued before a failure. */
  Proposal issued(String id, String offer, long costMinor) {
    try {
      JsonNode root = JSON.readTree(text);
      String group = root.path("exclusive_group").isTextual() ? root.get("exclusive_group").asText() : null;
      return Proposal.issued(
          id, name, version, offer, costMinor, endsMs, root.path("time_zone").asText("UTC"),
          root.path("caps").path("cooldown_ms").asLong(), group);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("campaign " + name + " was read before: " + e.getMessage(), e);
    }
  }

  /** Whether it has a say in this pattern now, whoever the shopper is. */
  boolean covers(String pattern, long nowMs) {
    return active && startsMs <= nowMs && nowMs < endsMs && patterns.contains(pattern);
  }

  static long whole(JsonNode node, String key) {
    JsonNode value = node.required(key);
    if (!value.isIntegralNumber()) {
      throw new IllegalArgumentException(key + " is " + value + "; it must be a whole number");
    }
    return value.asLong();
  }
}
