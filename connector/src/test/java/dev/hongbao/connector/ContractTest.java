package dev.hongbao.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.table.data.GenericRowData;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The table of cases that tests/schemas/test_rules.py holds the publisher to, held against the decoder. */
class ContractTest {

  private static final JsonNode TABLE = table();
  private static final Contract CONTRACT = Contract.load("click_event");

  record Case(JsonNode change, String field) {
    @Override
    public String toString() {
      return change.toString();
    }
  }

  static List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    TABLE.get("cases").forEach(row -> cases.add(new Case(row.get("change"), row.get("field").textValue())));
    return cases;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void sharedCaseHasItsVerdict(Case row) throws IOException {
    GenericRecord event = event(row.change());
    byte[] written = Clicks.bytes(event);
    Contract.Violation found =
        CONTRACT.violation(
            new AvroRows.Reader(event.getSchema(), CONTRACT.schema()).read(written), TABLE.get("now_ms").longValue());
    assertEquals(row.field(), found == null ? null : found.field());
    assertTrue(found == null || found.reason().startsWith(found.field() + " "), () -> found.reason());
  }

  @Test
  void everyRuleOfTheContractHasACaseThatBreaksIt() {
    Set<String> ruled = new TreeSet<>();
    for (Schema.Field field : CONTRACT.schema().getFields()) {
      if (!field.getObjectProps().isEmpty()) {
        ruled.add(field.name());
      }
    }
    Set<String> broken = new TreeSet<>();
    cases().forEach(row -> broken.add(String.valueOf(row.field())));
    assertTrue(broken.containsAll(ruled), () -> "no case breaks " + ruled + " less " + broken);
  }

  @Test
  void timeFartherAwayThanALongCountsIsStillBehind() throws IOException {
    GenericRecord event = Clicks.event(Map.of("occurred_at", Long.MIN_VALUE));
    GenericRowData row = new AvroRows.Reader(event.getSchema(), CONTRACT.schema()).read(Clicks.bytes(event));
    String reason = CONTRACT.violation(row, Messages.PUBLISHED_MS).reason();
    assertTrue(reason.endsWith(", 9223373834854775808 ms behind; the most is 604800000 ms"), reason);
  }

  private static GenericRecord event(JsonNode change) {
    Map<String, JsonNode> fields = new HashMap<>();
    TABLE.get("event").fields().forEachRemaining(entry -> fields.put(entry.getKey(), entry.getValue()));
    change.fields().forEachRemaining(entry -> fields.put(entry.getKey(), entry.getValue()));
    GenericRecord event = new GenericData.Record(CONTRACT.schema());
    for (Schema.Field field : CONTRACT.schema().getFields()) {
      event.put(field.name(), value(field, fields.get(field.name())));
    }
    return event;
  }

  private static Object value(Schema.Field field, JsonNode value) {
    if (value.isTextual() || value.has("repeat")) {
      return value.isTextual()
          ? value.textValue()
          : value.get("repeat").textValue().repeat(value.get("times").intValue());
    }
    if (value.has("exactly")) {
      return value.get("exactly").longValue();
    }
    if (value.isNumber()) {
      return switch (field.name()) {
        case "occurred_at", "sent_at" -> TABLE.get("now_ms").longValue() + value.longValue();
        case "quantity" -> value.intValue();
        default -> value.longValue();
      };
    }
    return value.isObject() ? map(value) : null;
  }

  private static Map<String, String> map(JsonNode value) {
    Map<String, String> map = new HashMap<>();
    if (value.has("entries")) {
      for (int n = 0; n < value.get("entries").intValue(); n++) {
        map.put(String.valueOf(n), "");
      }
      return map;
    }
    value.fields().forEachRemaining(entry -> map.put(entry.getKey(), entry.getValue().textValue()));
    return map;
  }

  private static JsonNode table() {
    try {
      return new ObjectMapper().readTree(Path.of("..", "tests", "schemas", "rule_cases.json").toFile());
    } catch (IOException e) {
      throw new IllegalStateException("cannot read the table of cases; run from the connector's folder", e);
    }
  }
}
