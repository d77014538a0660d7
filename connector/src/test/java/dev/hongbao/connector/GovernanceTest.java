package dev.hongbao.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.runtime.typeutils.RowDataSerializer;
import org.apache.flink.table.types.logical.VarCharType;
import org.junit.jupiter.api.Test;

class GovernanceTest {

  private static final List<String> PROPOSED =
      List.of(
          "shopper_id", "rule", "cause_event_id", "product_id", "category", "membership_tier", "favourite_category",
          "basket_minor", "occurred_ms", "published_ms", "due_ms", "read_ms", "proposals");

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
    List<String> decided = new ArrayList<>();
    int outcome = Governance.type().getFieldIndex("outcome");
    int number = Governance.type().getFieldIndex("issue_number");
    for (Object out : governance.getOutput().stream().skip(before).toList()) {
      RowData row = (RowData) ((StreamRecord<?>) out).getValue();
      decided.add(row.getString(outcome) + " " + (row.isNullAt(number) ? null : row.getLong(number)));
    }
    return decided;
  }

  private static KeyedOneInputStreamOperatorTestHarness<StringData, RowData, RowData> governance(
      OperatorSubtaskState state) throws Exception {
    var harness =
        new KeyedOneInputStreamOperatorTestHarness<StringData, RowData, RowData>(
            new Governance(new Rows(PROPOSED), 100, Map.of()),
            row -> row.getString(0),
            InternalTypeInfo.of(new VarCharType(VarCharType.MAX_LENGTH)));
    harness.setup(new RowDataSerializer(Governance.type()));
    if (state != null) {
      harness.initializeState(state);
    }
    harness.open();
    return harness;
  }
}
