package dev.hongbao.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.table.data.RawValueData;
import org.junit.jupiter.api.Test;

/** Holds activity's columns to the reference in Python: both find the moments of tests/ledger/moments_cases.json. */
class MomentCasesTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final CompletesFunction COMPLETES = new CompletesFunction();

  private JsonNode thresholds;

  @Test
  void findsTheReferencesMoments() throws Exception {
    JsonNode cases = JSON.readTree(Path.of("../tests/ledger/moments_cases.json").toFile());
    thresholds = cases.get("thresholds");
    assertEquals(Activities.FORGET_MS, thresholds.get("forget_after_ms").asLong());
    assertEquals(Activities.LOOKS_MS, thresholds.get("price_drop_within_ms").asLong());
    assertEquals(Activities.BUYER_MS, thresholds.get("remember_buyers_ms").asLong());
    try (Activities activities = new Activities(null)) {
      int shoppers = 0;
      for (JsonNode shopper : cases.get("shoppers")) {
        TreeSet<String> wanted = new TreeSet<>();
        shopper.get("moments").forEach(one -> wanted.add(one.toString()));
        TreeSet<String> found = new TreeSet<>();
        String name = "shopper-" + shoppers++;
        // Each has the clock to itself: it only goes on.
        long shiftMs = Math.max(0, activities.harness.getProcessingTime() - shopper.at("/events/0/appended_ms").asLong());
        for (JsonNode event : shopper.get("events")) {
          found.addAll(moments(taken(activities, name, event, shiftMs), event.get("event_id").asText()));
        }
        assertEquals(wanted, found, name);
        assertTrue(found.size() > 3, name + " has too few moments to tell: " + found);
      }
    }
  }

  private static Map<String, Object> taken(Activities activities, String shopper, JsonNode event, long shiftMs)
      throws Exception {
    Map<String, Object> fields = new HashMap<>();
    for (String text : List.of("event_id", "product_id", "currency", "order_id", "store_id")) {
      fields.put(text, event.hasNonNull(text) ? event.get(text).asText() : null);
    }
    fields.put("price_minor", event.hasNonNull("price_minor") ? event.get("price_minor").asLong() : null);
    fields.put("quantity", event.hasNonNull("quantity") ? event.get("quantity").asInt() : null);
    return activities.event(
        shopper, event.get("event_type").asText(), event.get("occurred_ms").asLong() + shiftMs,
        event.get("appended_ms").asLong() + shiftMs, fields);
  }

  /** What jobs/patterns/*.sql say, by hand: the SQL itself runs in tests/jobs/test_campaigns.py. */
  private List<String> moments(Map<String, Object> row, String eventId) throws Exception {
    List<String> found = new ArrayList<>();
    Object type = row.get("event_type");
    Long seenMs = (Long) row.get("seen_ms");
    if (seenMs != null
        && (Long) row.get("occurred_ms") - seenMs <= limit("price_drop_within_ms")
        && (Long) row.get("price_minor") * 100
            <= (Long) row.get("seen_price_minor") * (100 - limit("price_drop_percent"))) {
      found.add(moment("price_drop", eventId, null));
    }
    if (row.get("nth_order") != null) {
      found.add(moment("nth_purchase", eventId, row.get("nth_order")));
    }
    Long ageMs = (Long) row.get("order_age_ms");
    if (ageMs != null
        && !type.equals("order_completed")
        && (Long) row.get("order_age_before_ms") < limit("lapsed_after_ms")
        && ageMs >= limit("lapsed_after_ms")) {
      found.add(moment("lapsed_buyer", eventId, null));
    }
    Long peakMinor = (Long) row.get("basket_peak_minor");
    if (peakMinor != null
        && peakMinor < limit("basket_threshold_minor")
        && (Long) row.get("basket_minor") >= limit("basket_threshold_minor")) {
      found.add(moment("basket_threshold", eventId, null));
    }
    if (type.equals("red_envelope_claimed") && row.get("store_id") == null) {
      found.add(moment("app_claim", eventId, null));
    }
    Object shopper = ((RawValueData<?>) row.get("shopper")).toObject(null);
    if (type.equals("cart_viewed")
        && COMPLETES.eval(
            shopper, "product_added,checkout_started,cart_viewed", "order_completed", null,
            limit("checkout_hesitation_within_ms"))) {
      found.add(moment("checkout_hesitation", eventId, null));
    }
    return found;
  }

  private long limit(String name) {
    return thresholds.get(name).asLong();
  }

  private static String moment(String rule, String eventId, Object nth) throws Exception {
    return JSON.writeValueAsString(Arrays.asList(rule, eventId, nth));
  }
}
