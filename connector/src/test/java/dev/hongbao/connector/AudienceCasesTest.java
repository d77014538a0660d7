package dev.hongbao.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;

/** Holds audiences to the reference in Python: both answer tests/campaigns/audience_cases.json. */
class AudienceCasesTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  @Test
  void admitsWhomTheReferenceInvites() throws Exception {
    JsonNode cases = JSON.readTree(Path.of("../tests/campaigns/audience_cases.json").toFile());
    Map<String, Audience> audiences = new LinkedHashMap<>();
    cases.get("definitions").fields().forEachRemaining(
        one -> audiences.put(
            one.getKey(), Campaign.parse(one.getKey(), 1, "active", one.getValue().asText()).audience()));
    assertTrue(audiences.size() > 10);
    for (JsonNode candidate : cases.get("candidates")) {
      List<String> wanted = new ArrayList<>();
      candidate.get("invited").forEach(name -> wanted.add(name.asText()));
      Audience.Asked asked = asked(candidate);
      List<String> found = new ArrayList<>();
      audiences.forEach(
          (name, audience) -> {
            if (audience.admits(asked)) {
              found.add(name);
            }
          });
      assertEquals(wanted, found, candidate.toString());
    }
  }

  private static Audience.Asked asked(JsonNode candidate) {
    return new Audience.Asked(
        text(candidate, "membership_tier"), text(candidate, "category"), text(candidate, "store_id"),
        candidate.get("basket_minor").asLong(), candidate.hasNonNull("nth") ? candidate.get("nth").asLong() : null,
        new Features(text(candidate, "features")));
  }

  private static String text(JsonNode candidate, String key) {
    return candidate.hasNonNull(key) ? candidate.get(key).asText() : null;
  }
}
