package dev.hongbao.connector;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;

/** Whom a campaign is for; what is null lets everybody in, and of the segments one must hold. */
record Audience(
    Set<String> tiers,
    Set<String> categories,
    Set<String> stores,
    Long leastBasketMinor,
    Long nth,
    List<Segment> segments) {

  /** What is asked about a candidate; all but the tier and the features may be null. */
  record Asked(String tier, String category, String store, long basketMinor, Long nth, Features features) {}

  /**
   * Reads a definition's audience.
   *
   * @throws IllegalArgumentException with a sentence where it is none
   */
  static Audience parse(JsonNode json) {
    return new Audience(
        texts(json.get("tiers")), texts(json.get("categories")), texts(json.get("stores")),
        number(json, "least_basket_minor"), number(json, "nth"), segments(json.get("segments")));
  }

  /** Whether the candidate is in it; what is not known of the candidate is not. */
  boolean admits(Asked asked) {
    return in(tiers, asked.tier)
        && in(categories, asked.category)
        && in(stores, asked.store)
        && (leastBasketMinor == null || asked.basketMinor >= leastBasketMinor)
        && (nth == null || nth.equals(asked.nth))
        && (segments == null || segments.stream().anyMatch(segment -> segment.holds(asked.features)));
  }

  private static boolean in(Set<String> allowed, String found) {
    return allowed == null || found != null && allowed.contains(found);
  }

  private static Long number(JsonNode node, String key) {
    return node.hasNonNull(key) ? (Long) node.get(key).asLong() : null;
  }

  static Set<String> texts(JsonNode list) {
    if (list == null || list.isNull()) {
      return null;
    }
    Set<String> texts = new HashSet<>();
    list.forEach(text -> texts.add(text.asText()));
    return texts;
  }

  /** A version that was applied before there were segments does not have the key. */
  private static List<Segment> segments(JsonNode named) {
    if (named == null || named.isNull()) {
      return null;
    }
    List<Segment> segments = new ArrayList<>();
    Segment.tables("segments", named).forEach((name, features) -> segments.add(Segment.parse(name, features)));
    return segments;
  }
}
