package dev.hongbao.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class CampaignTest {

  static final String DEFINITION =
      """
      {"name": "ny", "starts_ms": 1000, "ends_ms": 2000, "time_zone": "Asia/Shanghai", "patterns": ["hesitation"],
       "priority": 1, "exclusive_group": "g", "lane": "by_tier", "valid_ms": 5, "deadline_ms": null,
       "audience": {"tiers": ["vip"], "categories": null, "stores": ["s1"], "least_basket_minor": 10, "nth": 3},
       "offers": [{"name": "ten"}], "caps": {"cooldown_ms": 7}, "budget": {}, "holdout": {}}""";

  @Test
  void coversItsPatternsWithinItsTimeUnlessPaused() {
    Campaign campaign = Campaign.parse("ny", 4, "active", DEFINITION);
    assertTrue(campaign.covers("hesitation", 1_000));
    assertTrue(campaign.covers("hesitation", 1_999));
    assertFalse(campaign.covers("hesitation", 999));
    assertFalse(campaign.covers("hesitation", 2_000));
    assertFalse(campaign.covers("qr_claim", 1_000));
    assertFalse(Campaign.parse("ny", 5, "paused", DEFINITION).covers("hesitation", 1_000));
  }

  @Test
  void definitionOfBeforeThereWereSegmentsAsksForNone() {
    Audience audience = Campaign.parse("ny", 4, "active", DEFINITION).audience();
    assertNull(audience.segments());
    assertTrue(audience.admits(new Audience.Asked("vip", null, "s1", 10, 3L, new Features(null))));
  }

  @Test
  void segmentThatSaysNothingIsRefused() {
    assertEquals("campaign ny version 4: segments is {}; it must have at least one key", segments("{}"));
    assertEquals("campaign ny version 4: segments is [\"a\"]; it must have at least one key", segments("[\"a\"]"));
    assertEquals("campaign ny version 4: segment a is {}; it must have at least one key", segments("{\"a\": {}}"));
    assertEquals(
        "campaign ny version 4: segment a: orders is {\"at_leest\":1}; it must have at_least, at_most or both",
        segments("{\"a\": {\"orders\": {\"at_leest\": 1}}}"));
    assertEquals(
        "campaign ny version 4: at_most is \"1\"; it must be a whole number",
        segments("{\"a\": {\"orders\": {\"at_most\": \"1\"}}}"));
  }

  private static String segments(String segments) {
    return refusal(DEFINITION.replace("\"nth\": 3", "\"nth\": 3, \"segments\": " + segments));
  }

  @Test
  void judgeSeesTheVersion() {
    assertTrue(Campaign.parse("ny", 4, "active", DEFINITION).text().startsWith("{\"version\":4,\"name\":\"ny\""));
  }

  @Test
  void boundsOfSegmentsDoNotGoAlong() {
    String segments = "\"nth\": 3, \"segments\": {\"a\": {\"orders\": {\"at_most\": 1}}}";
    Campaign campaign = Campaign.parse("ny", 4, "active", DEFINITION.replace("\"nth\": 3", segments));
    assertEquals(1, campaign.audience().segments().size());
    assertEquals(Campaign.parse("ny", 4, "active", DEFINITION).text(), campaign.text());
  }

  @Test
  void couponOfBeforeAFailureKeepsWhatOutlivesIt() {
    Proposal issued = Campaign.parse("ny", 4, "active", DEFINITION).issued("id", "ten", 30);
    assertEquals(7, issued.cooldownMs());
    assertEquals("g", issued.exclusiveGroup());
    assertEquals(2_000, issued.endsMs());
    assertEquals("Asia/Shanghai", issued.timeZone());
  }

  @Test
  void whatIsNoDefinitionIsRefusedWithASentence() {
    assertEquals(
        "campaign ny version 4: starts_ms is \"soon\"; it must be a whole number",
        refusal(DEFINITION.replace("1000", "\"soon\"")));
    assertEquals("campaign ny version 4: its definition is of xx", refusal(DEFINITION.replace("\"ny\"", "\"xx\"")));
    assertTrue(refusal("{").startsWith("campaign ny version 4 is no JSON: "));
    assertTrue(refusal(DEFINITION.replace("\"caps\"", "\"cap\"")).contains("caps"));
  }

  private static String refusal(String definition) {
    return assertThrows(IllegalArgumentException.class, () -> Campaign.parse("ny", 4, "active", definition)).getMessage();
  }
}
