package dev.hongbao.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.hongbao.connector.Treasury.Outcome;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;

class TreasuryTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final long NOW = 1_800_000_000_000L;
  private static final long HOUR = 3_600_000;
  private static final long DAY = 86_400_000;

  private final Treasury treasury = new Treasury(100);
  private final Served served = new Served();

  @Test
  void capOfAShopperCountsTheCampaignsWholeLife() {
    Map<String, Object> twice = Map.of("per_shopper", 2);
    assertEquals(List.of(Outcome.ISSUED), decide(NOW, a(1, twice)));
    assertEquals(List.of(Outcome.ISSUED), decide(NOW + 3 * DAY, a(2, twice)));
    assertEquals(List.of(Outcome.CAPPED), decide(NOW + 9 * DAY, a(3, twice)));
  }

  @Test
  void capOfADayCountsAny24Hours() {
    Map<String, Object> daily = Map.of("per_shopper_per_day", 1);
    assertEquals(List.of(Outcome.ISSUED), decide(NOW, a(1, daily)));
    assertEquals(List.of(Outcome.CAPPED), decide(NOW + DAY - 1, a(2, daily)));
    assertEquals(List.of(Outcome.ISSUED), decide(NOW + DAY, a(3, daily)));
  }

  @Test
  void capOverAllCampaignsHoldsForEach() {
    Treasury strict = new Treasury(1);
    assertEquals(Outcome.ISSUED, strict.decide(List.of(a(1, Map.of())), "hesitation", served, NOW).get(0).outcome());
    Proposal other = proposal("b", 2, Map.of());
    assertEquals(Outcome.CAPPED, strict.decide(List.of(other), "hesitation", served, NOW + 1).get(0).outcome());
  }

  @Test
  void capOfTheCampaignIsByItsOwnDay() {
    // 2027-01-15T08:00Z is 16:00 in Shanghai: its day ends eight hours later.
    Map<String, Object> one = Map.of("per_day", 1, "time_zone", "Asia/Shanghai");
    assertEquals(List.of(Outcome.ISSUED), decide(NOW, a(1, one)));
    assertEquals(List.of(Outcome.CAPPED), decideFor(new Served(), NOW + 8 * HOUR - 1, a(2, one)));
    assertEquals(List.of(Outcome.ISSUED), decideFor(new Served(), NOW + 8 * HOUR, a(3, one)));
  }

  @Test
  void cooldownEndsOnItsLastMillisecondAndAScanHasNone() {
    Map<String, Object> cool = Map.of("cooldown_ms", HOUR);
    assertEquals(List.of(Outcome.ISSUED), decide(NOW, a(1, cool)));
    assertEquals(List.of(Outcome.COOLED_DOWN), decide(NOW + HOUR - 1, a(2, cool)));
    assertEquals(List.of(Outcome.ISSUED), decide(NOW + HOUR, a(3, cool)));
    assertEquals(Outcome.ISSUED, treasury.decide(List.of(a(4, cool)), "qr_claim", served, NOW).get(0).outcome());
    assertEquals(Outcome.ISSUED, treasury.decide(List.of(a(5, cool)), "qr_claim", served, NOW).get(0).outcome());
  }

  @Test
  void groupServesByOneCampaignUntilThatEnds() {
    Map<String, Object> group = Map.of("exclusive_group", "g", "ends_ms", NOW + HOUR);
    assertEquals(List.of(Outcome.ISSUED), decide(NOW, a(1, group)));
    assertEquals(List.of(Outcome.EXCLUDED), decide(NOW + HOUR - 1, proposal("b", 2, group)));
    Map<String, Object> later = Map.of("exclusive_group", "g", "ends_ms", NOW + DAY);
    assertEquals(List.of(Outcome.ISSUED), decide(NOW + HOUR, proposal("b", 3, later)));
  }

  @Test
  void budgetIsSpentToTheLastMinorUnitAndNotBeyond() {
    Map<String, Object> money = Map.of("money_minor", 1_000L, "cost_minor", 500L);
    assertEquals(List.of(Outcome.ISSUED), decideFor(new Served(), NOW, a(1, money)));
    assertEquals(
        List.of(Outcome.OUT_OF_BUDGET),
        decideFor(new Served(), NOW, a(2, Map.of("money_minor", 1_000L, "cost_minor", 501L))));
    assertEquals(List.of(Outcome.ISSUED), decideFor(new Served(), NOW, a(3, money)));
    assertEquals(List.of(Outcome.OUT_OF_BUDGET), decideFor(new Served(), NOW, a(4, money)));
  }

  @Test
  void piecesAndStockRunOut() {
    Map<String, Object> pieces = Map.of("pieces", 1L);
    assertEquals(List.of(Outcome.ISSUED), decideFor(new Served(), NOW, a(1, pieces)));
    assertEquals(List.of(Outcome.OUT_OF_BUDGET), decideFor(new Served(), NOW, a(2, pieces)));
    Map<String, Object> stock = Map.of("stock", 1L);
    assertEquals(List.of(Outcome.ISSUED), decideFor(new Served(), NOW, proposal("b", 3, stock)));
    assertEquals(List.of(Outcome.OUT_OF_BUDGET), decideFor(new Served(), NOW, proposal("b", 4, stock)));
  }

  @Test
  void loweredBudgetHoldsForProposalsStillOnTheirWay() {
    assertEquals(List.of(Outcome.ISSUED), decideFor(new Served(), NOW, a(1, Map.of("version", 2, "pieces", 1L))));
    assertEquals(
        List.of(Outcome.OUT_OF_BUDGET), decideFor(new Served(), NOW, a(2, Map.of("version", 1, "pieces", 9L))));
  }

  @Test
  void heldOutCostsNothingCountsAndEndsTheCandidate() {
    Map<String, Object> held = Map.of("held_out", true, "pieces", 1L, "per_shopper", 1, "priority", 1);
    assertEquals(List.of(Outcome.HELD_OUT, Outcome.OUTRANKED), decide(NOW, proposal("b", 2, Map.of()), a(1, held)));
    assertEquals(List.of(Outcome.CAPPED), decide(NOW, a(3, held)));
    assertEquals(List.of(Outcome.ISSUED), decideFor(new Served(), NOW, a(4, Map.of("pieces", 1L))));
  }

  @Test
  void nothingDrawnCountsAsTheOneTry() {
    Map<String, Object> drawn = new HashMap<>(Map.of("per_shopper", 1));
    drawn.put("offer", null);
    assertEquals(List.of(Outcome.NO_LUCK), decide(NOW, a(1, drawn)));
    assertEquals(List.of(Outcome.CAPPED), decide(NOW, a(2, drawn)));
  }

  @Test
  void nothingDrawnNeitherCoolsDownNorExcludes() {
    Map<String, Object> drawn = new HashMap<>(Map.of("cooldown_ms", HOUR, "exclusive_group", "g"));
    drawn.put("offer", null);
    assertEquals(List.of(Outcome.NO_LUCK), decide(NOW, a(1, drawn)));
    assertEquals(List.of(Outcome.NO_LUCK), decide(NOW + 1, a(2, drawn)));
    assertEquals(List.of(Outcome.ISSUED), decide(NOW + 2, proposal("b", 3, Map.of("exclusive_group", "g"))));
  }

  @Test
  void heldOutCoolsDownExcludesAndCountsForTheDay() {
    Map<String, Object> held = Map.of("held_out", true, "cooldown_ms", HOUR, "exclusive_group", "g", "per_day", 1);
    assertEquals(List.of(Outcome.HELD_OUT), decide(NOW, a(1, held)));
    assertEquals(List.of(Outcome.CAPPED), decideFor(new Served(), NOW, a(2, held)));
    assertEquals(List.of(Outcome.COOLED_DOWN), decide(NOW + 1, a(3, Map.of("cooldown_ms", HOUR))));
    assertEquals(List.of(Outcome.EXCLUDED), decide(NOW + 1, proposal("b", 4, Map.of("exclusive_group", "g"))));
  }

  @Test
  void prolongedCampaignGoesOnCountingAndExcluding() {
    Map<String, Object> first = Map.of("per_shopper", 1, "exclusive_group", "g", "ends_ms", NOW + HOUR);
    Map<String, Object> second =
        Map.of("per_shopper", 1, "exclusive_group", "g", "ends_ms", NOW + 9 * HOUR, "version", 2);
    assertEquals(List.of(Outcome.ISSUED), decide(NOW, a(1, first)));
    served.forget(NOW + 2 * HOUR);
    assertEquals(List.of(Outcome.CAPPED), decide(NOW + 2 * HOUR, a(2, second)));
    assertEquals(
        List.of(Outcome.EXCLUDED), decide(NOW + 2 * HOUR, proposal("b", 3, Map.of("exclusive_group", "g"))));
  }

  @Test
  void bestIsByPriorityThenScoreThenName() {
    List<Treasury.Decision> decisions =
        treasury.decide(
            List.of(
                proposal("d", 1, Map.of()), proposal("c", 2, Map.of("score", 0.5)), proposal("b", 3, Map.of("score", 0.5)),
                proposal("a", 4, Map.of("priority", 7, "pieces", 0L))),
            "hesitation", served, NOW);
    assertEquals(List.of("a", "b", "c", "d"), decisions.stream().map(d -> d.proposal().campaign()).toList());
    assertEquals(
        List.of(Outcome.OUT_OF_BUDGET, Outcome.ISSUED, Outcome.OUTRANKED, Outcome.OUTRANKED),
        decisions.stream().map(Treasury.Decision::outcome).toList());
  }

  @Test
  void deadlineIsHeldToTheMomentOfSendingAndCountsForNothing() {
    Map<String, Object> brief = Map.of("latest_ms", NOW, "priority", 9, "per_shopper", 1);
    assertEquals(List.of(Outcome.PAST_DEADLINE, Outcome.ISSUED), decide(NOW + 1, a(1, brief), proposal("b", 2, Map.of())));
    assertEquals(List.of(Outcome.ISSUED), decide(NOW, a(3, brief)));
  }

  @Test
  void sameCauseIsDecidedOnce() {
    assertEquals(List.of(Outcome.ISSUED), decide(NOW, a(1, Map.of())));
    assertEquals(List.of(), decide(NOW + 1, a(1, Map.of())));
  }

  @Test
  void whatNoLimitAsksForIsForgotten() {
    decide(NOW, a(1, Map.of("ends_ms", NOW + 2 * DAY)));
    assertEquals(NOW + DAY, served.forget(NOW));
    assertEquals(NOW + 2 * DAY + Served.KEPT_AFTER_END_MS, served.forget(NOW + DAY));
    assertEquals(0, served.coupons.length);
    assertEquals(0, served.forget(NOW + 2 * DAY + Served.KEPT_AFTER_END_MS));
    assertEquals(0, served.lives.length);
  }

  private List<Outcome> decide(long nowMs, Proposal... proposals) {
    return decideFor(served, nowMs, proposals);
  }

  private List<Outcome> decideFor(Served shopper, long nowMs, Proposal... proposals) {
    return treasury.decide(List.of(proposals), "hesitation", shopper, nowMs).stream()
        .map(Treasury.Decision::outcome)
        .toList();
  }

  private static Proposal a(int cause, Map<String, Object> changed) {
    return proposal("a", cause, changed);
  }

  static Proposal proposal(String campaign, int cause, Map<String, Object> changed) {
    Map<String, Object> all = new HashMap<>();
    all.put("id", campaign + cause);
    all.put("campaign", campaign);
    all.put("version", 1);
    all.put("offer", "ten");
    all.put("kind", "coupon");
    all.put("currency", "CNY");
    all.put("lane", "normal");
    all.put("ends_ms", NOW + 30 * DAY);
    all.put("time_zone", "UTC");
    all.putAll(changed);
    return JSON.convertValue(all, Proposal.class);
  }
}
