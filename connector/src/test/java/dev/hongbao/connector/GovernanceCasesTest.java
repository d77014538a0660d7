package dev.hongbao.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;

/** Holds the treasury to the reference in Python: both decide tests/campaigns/governance_cases.json. */
class GovernanceCasesTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  @Test
  void decidesAsTheReference() throws Exception {
    JsonNode cases = JSON.readTree(Path.of("../tests/campaigns/governance_cases.json").toFile());
    Treasury treasury = new Treasury(cases.get("most_per_day").asLong());
    Map<String, Served> shoppers = new HashMap<>();
    int number = 0;
    for (JsonNode step : cases.get("steps")) {
      List<Proposal> proposals = new ArrayList<>();
      for (JsonNode proposal : step.get("proposals")) {
        proposals.add(JSON.treeToValue(proposal, Proposal.class));
      }
      Served served = shoppers.computeIfAbsent(step.get("shopper_id").asText(), id -> new Served());
      long nowMs = step.get("now_ms").asLong();
      served.forget(nowMs);
      List<List<String>> found =
          treasury.decide(proposals, step.get("rule").asText(), served, nowMs).stream()
              .map(d -> List.of(d.proposal().campaign(), d.outcome().name().toLowerCase(Locale.ROOT)))
              .toList();
      List<List<String>> wanted = new ArrayList<>();
      step.get("outcomes").forEach(pair -> wanted.add(List.of(pair.get(0).asText(), pair.get(1).asText())));
      assertEquals(wanted, found, "step " + number++);
    }
  }
}
