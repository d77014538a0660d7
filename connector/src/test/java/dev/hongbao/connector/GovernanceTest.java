package dev.hongbao.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.runtime.typeutils.RowDataSerializer;
import org.apache.flink.table.types.logical.VarCharType;
import org.junit.jupiter.api.Test;

class GovernanceTest {

  private static final List<String> PROPOSED =
      List.of(
          "shopper_id", "rule", "cause_event_id", "product_id", "category", "membership_tier", "favourite_category",
          "basket_minor", "occurred_ms", "published_ms", "due_ms", "read_ms", "features", "proposals");

  @Test
  void whatWasSpentIsSpentAfterARestart() throws Exception {
    OperatorSubtaskState state;
    try (var before = governance(null)) {
      assertEquals(List.of("issued 0"), decide(before, "s1", 1, Map.of("pieces", 2L)));
      state = before.snapshot(1, 1);
    }
    try (var after = governance(state)) {
      assertEquals(List.of("issued 1"), decide(after, "s2", 2, Map.of("pieces", 2L)));
      assertEquals(List.of("out_of_budget null"), decide(after, "s3", 3, Map.of("pieces", 2L)));
    }
  }

  @Test
  void whoWasServedIsServedAfterARestartAndForgottenInTime() throws Exception {
    OperatorSubtaskState state;
    Map<String, Object> once = Map.of("per_shopper_per_day", 1, "ends_ms", 1_000_000L);
    try (var before = governance(null)) {
      before.setProcessingTime(1_000);
      assertEquals(List.of("issued 0"), decide(before, "s1", 1, once));
      state = before.snapshot(1, 1);
    }
    try (var after = governance(state)) {
      after.setProcessingTime(2_000);
      assertEquals(List.of("capped null"), decide(after, "s1", 2, once));
      assertEquals(List.of("issued 1"), decide(after, "s2", 3, once));
      assertEquals(2, after.numKeyedStateEntries());
      after.setProcessingTime(Served.KEPT_AFTER_END_MS + 1_000_000 + 120_000);
      assertEquals(0, after.numKeyedStateEntries());
      assertEquals(0, after.numProcessingTimeTimers());
    }
  }

  @Test
  void whatWasReadBackIsChargedOnceAndLandsBeforeTheNextCheckpoint() throws Exception {
    try (var governance = governance(null, trigger("a1", "s1", 5), trigger("a1", "s1", 5))) {
      governance.getOperator().prepareSnapshotPreBarrier(1);
      assertEquals(List.of("issued 5 true"), decided(governance, 0));
      assertEquals(List.of("out_of_budget null"), decide(governance, "s2", 2, Map.of("pieces", 1L)));
      assertEquals(List.of("issued 6"), decide(governance, "s2", 3, Map.of("pieces", 2L)));
    }
  }

  @Test
  void whatWasReadBackLandsWithTheNextCandidateAndIsNotDecidedAgain() throws Exception {
    try (var governance = governance(null, trigger("a1", "s1", 5))) {
      assertEquals(List.of("issued 5"), decide(governance, "s1", 1, Map.of()));
      assertEquals(List.of(), decide(governance, "s1", 1, Map.of()));
    }
  }

  private static GenericRowData trigger(String couponId, String shopper, long number) {
    Schema schema = Contract.load("coupon_trigger").schema();
    GenericRowData row = new GenericRowData(schema.getFields().size());
    for (Schema.Field field : schema.getFields()) {
      Object value =
          switch (field.name()) {
            case "coupon_id" -> StringData.fromString(couponId);
            case "shopper_id" -> StringData.fromString(shopper);
            case "campaign_id" -> StringData.fromString("a");
            case "campaign_version" -> 1;
            case "issue_number" -> number;
            case "points", "discount_minor", "basket_minor", "cost_minor" -> 0L;
            case "discount_percent" -> 0;
            default ->
                field.name().endsWith("_at") ? TimestampData.fromEpochMillis(7) : StringData.fromString("x");
          };
      row.setField(field.pos(), value);
    }
    return row;
  }

  /** A topic of these triggers. */
  private static final class Sent extends IssuedCoupons {
    private final transient List<GenericRowData> triggers;

    Sent(GenericRowData... triggers) {
      super(Map.of("service-url", "", "admin-url", "", "coupons", "", "campaigns", ""));
      this.triggers = List.of(triggers);
    }

    @Override
    List<GenericRowData> after(long after, long fromMs) {
      return triggers;
    }

    @Override
    Map<String, Campaign> campaigns() {
      return Map.of();
    }
  }

  private static List<String> decide(
      KeyedOneInputStreamOperatorTestHarness<StringData, RowData, RowData> governance, String shopper, int cause,
      Map<String, Object> limits)
      throws Exception {
    Proposal proposal = TreasuryTest.proposal("a", cause, limits);
    GenericRowData candidate = new GenericRowData(PROPOSED.size());
    for (int i = 0; i < PROPOSED.size(); i++) {
      String name = PROPOSED.get(i);
      candidate.setField(i, name.endsWith("_ms") || name.endsWith("_minor") ? (Object) 7L : StringData.fromString(name));
    }
    candidate.setField(0, StringData.fromString(shopper));
    candidate.setField(
        PROPOSED.size() - 1, StringData.fromString(new ObjectMapper().writeValueAsString(List.of(proposal))));
    int before = governance.getOutput().size();
    governance.processElement(new StreamRecord<>(candidate));
    return decided(governance, before).stream().map(text -> text.replaceAll(" (true|false)$", "")).toList();
  }

  /** Gives outcome, issue number and whether it was sent before, of each decision after the first so many. */
  private static List<String> decided(
      KeyedOneInputStreamOperatorTestHarness<StringData, RowData, RowData> governance, int before) {
    List<String> decided = new ArrayList<>();
    int outcome = DecisionRows.type().getFieldIndex("outcome");
    int number = DecisionRows.type().getFieldIndex("issue_number");
    int sentBefore = DecisionRows.type().getFieldIndex("sent_before");
    for (Object out : governance.getOutput().stream().skip(before).toList()) {
      RowData row = (RowData) ((StreamRecord<?>) out).getValue();
      Long issued = row.isNullAt(number) ? null : (Long) row.getLong(number);
      decided.add(row.getString(outcome) + " " + issued + " " + row.getBoolean(sentBefore));
    }
    return decided;
  }

  private static KeyedOneInputStreamOperatorTestHarness<StringData, RowData, RowData> governance(
      OperatorSubtaskState state, GenericRowData... readBack) throws Exception {
    var harness =
        new KeyedOneInputStreamOperatorTestHarness<StringData, RowData, RowData>(
            new Governance(new Rows(PROPOSED), 100, new Sent(readBack)),
            row -> row.getString(0),
            InternalTypeInfo.of(new VarCharType(VarCharType.MAX_LENGTH)));
    harness.setup(new RowDataSerializer(DecisionRows.type()));
    if (state != null) {
      harness.initializeState(state);
    }
    harness.open();
    return harness;
  }
}
