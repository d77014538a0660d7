package dev.hongbao.connector;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.annotation.JsonProperty;

/**
 * What the judge would give a shopper in one campaign, and the campaign's limits. Absent limits are null.
 *
 * @param id the coupon's id: a pure function of shopper, campaign, rule and cause
 * @param version the campaign's version; null for what is given without a campaign file
 * @param offer null where a draw gave nothing
 * @param latestMs the last moment at which it may be sent; null for ever
 * @param heldOut whether the shopper is in the campaign's holdout
 * @param stock pieces of the offer in all
 * @param chosenBy how the offer was chosen; what the model that was asked expected of it is null where none was
 */
record Proposal(
    @JsonProperty("id") String id,
    @JsonProperty("campaign") String campaign,
    @JsonProperty("version") Integer version,
    @JsonProperty("priority") int priority,
    @JsonProperty("score") double score,
    @JsonProperty("offer") String offer,
    @JsonProperty("kind") String kind,
    @JsonProperty("percent") int percent,
    @JsonProperty("minor") long minor,
    @JsonProperty("points") long points,
    @JsonProperty("cost_minor") long costMinor,
    @JsonProperty("currency") String currency,
    @JsonProperty("lane") String lane,
    @JsonProperty("valid_ms") long validMs,
    @JsonProperty("ends_ms") long endsMs,
    @JsonProperty("latest_ms") Long latestMs,
    @JsonProperty("time_zone") String timeZone,
    @JsonProperty("held_out") boolean heldOut,
    @JsonProperty("stock") Long stock,
    @JsonProperty("per_shopper") Integer perShopper,
    @JsonProperty("per_shopper_per_day") Integer perShopperPerDay,
    @JsonProperty("per_day") Long perDay,
    @JsonProperty("cooldown_ms") long cooldownMs,
    @JsonProperty("exclusive_group") String exclusiveGroup,
    @JsonProperty("money_minor") Long moneyMinor,
    @JsonProperty("pieces") Long pieces,
    @JsonProperty("chosen_by") String chosenBy,
    @JsonProperty("model") String model,
    @JsonProperty("model_version") Integer modelVersion,
    @JsonProperty("propensity") Double propensity,
    @JsonProperty("choice_probability") Double choiceProbability) {

  /** Under which name it counts: all that is given without a campaign file counts together. */
  String account() {
    return version == null ? "" : campaign;
  }

  /** A coupon that was issued before: what is charged and how long it counts, without the limits that let it pass. */
  static Proposal issued(
      String id, String campaign, Integer version, String offer, long costMinor, long endsMs, String timeZone,
      long cooldownMs, String exclusiveGroup) {
    return new Proposal(
        id, campaign, version, 0, 0, offer, null, 0, 0, 0, costMinor, null, null, 0, endsMs, null, timeZone, false, null,
        null, null, null, cooldownMs, exclusiveGroup, null, null, null, null, null, null, null);
  }
}
