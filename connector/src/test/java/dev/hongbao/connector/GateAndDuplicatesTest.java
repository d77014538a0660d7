package dev.hongbao.connector;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.api.operators.KeyedProcessOperator;
import org.apache.flink.streaming.api.operators.ProcessOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.data.binary.BinaryStringData;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.runtime.typeutils.RowDataSerializer;
import org.apache.flink.table.types.logical.VarCharType;
import org.junit.jupiter.api.Test;

class GateAndDuplicatesTest {

  private static final Columns COLUMNS = Columns.of(Clicks.ROW);
  private static final Duration HORIZON = Duration.ofHours(1);
  private static final Duration LATENESS = Duration.ofMinutes(15);
  private static final byte[] PAYLOAD = {1, 2, 3};

  @Test
  void repeatWithinTheHorizonIsADuplicateAndAfterItIsNot() throws Exception {
    try (var duplicates = duplicates(null)) {
      duplicates.setProcessingTime(0);
      assertEquals("ok", verdict(duplicates, click("u1", 1, 0)));
      assertEquals("duplicate", verdict(duplicates, click("u1", 1, 0)));
      duplicates.setProcessingTime(HORIZON.toMillis() - 1);
      assertEquals("duplicate", verdict(duplicates, click("u1", 1, 0)));
      duplicates.setProcessingTime(HORIZON.toMillis());
      assertEquals("ok", verdict(duplicates, click("u1", 1, 0)));
    }
  }

  @Test
  void sameIdFromAnotherShopperIsNoRepeat() throws Exception {
    try (var duplicates = duplicates(null)) {
      assertEquals("ok", verdict(duplicates, click("u1", 1, 0)));
      assertEquals("ok", verdict(duplicates, click("u2", 1, 0)));
    }
  }

  @Test
  void botsTenThousandEventsAreAllRemembered() throws Exception {
    try (var duplicates = duplicates(null)) {
      for (int i = 0; i < 10_000; i++) {
        assertEquals("ok", verdict(duplicates, click("bot", i * 7919 % 10_000, 0)));
      }
      for (int i = 0; i < 10_000; i += 97) {
        assertEquals("duplicate", verdict(duplicates, click("bot", i, 0)));
      }
    }
  }

  @Test
  void whatWasSeenIsSeenAfterARestart() throws Exception {
    OperatorSubtaskState state;
    try (var before = duplicates(null)) {
      verdict(before, click("u1", 1, 0));
      state = before.snapshot(1, 1);
    }
    try (var after = duplicates(state)) {
      assertEquals("duplicate", verdict(after, click("u1", 1, 0)));
    }
  }

  @Test
  void keyInStateHoldsNoRowAlive() throws Exception {
    RowData received = new RowDataSerializer(Clicks.ROW).toBinaryRow((RowData) click("u1", 1, 0)).copy();
    var key = new Deduplicate.ByShopper(COLUMNS.shopperId(), COLUMNS.messageId()).getKey(received);
    assertEquals(StringData.fromString("u1"), key);
    assertEquals(2, ((BinaryStringData) key).getSegments()[0].size());
  }

  @Test
  void quietShopperIsForgotten() throws Exception {
    try (var duplicates = duplicates(null)) {
      duplicates.setProcessingTime(0);
      verdict(duplicates, click("u1", 1, 0));
      assertEquals(1, duplicates.numKeyedStateEntries());
      duplicates.setProcessingTime(HORIZON.toMillis() + 1_000);
      assertEquals(0, duplicates.numKeyedStateEntries());
    }
  }

  @Test
  void eventAtTheLatenessPassesAndOneMillisecondOlderIsLate() throws Exception {
    try (var gate = gate(null)) {
      gate.processWatermark(new Watermark(LATENESS.toMillis() + 10_000));
      assertEquals("ok", verdict(gate, decoded("u1", 1, 10_000)));
      RowData late = row(gate, decoded("u1", 2, 9_999));
      assertEquals("late", late.getString(COLUMNS.verdict()).toString());
      assertEquals(1, late.getLong(COLUMNS.lateByMs()));
      assertEquals("occurred_at", late.getString(COLUMNS.field()).toString());
      assertArrayEquals(PAYLOAD, late.getBinary(COLUMNS.payload()));
      assertTrue(row(gate, decoded("u1", 3, 10_000)).isNullAt(COLUMNS.payload()));
    }
  }

  @Test
  void lateStaysLateAfterARestartWithoutAWatermark() throws Exception {
    OperatorSubtaskState state;
    try (var before = gate(null)) {
      before.processWatermark(new Watermark(LATENESS.toMillis() + 10_000));
      verdict(before, decoded("u1", 1, 20_000));
      state = before.snapshot(1, 1);
    }
    try (var after = gate(state)) {
      assertEquals("late", verdict(after, decoded("u1", 2, 9_999)));
      assertEquals("ok", verdict(after, decoded("u1", 3, 10_000)));
    }
  }

  private static KeyedOneInputStreamOperatorTestHarness<StringData, RowData, RowData> duplicates(
      OperatorSubtaskState state) throws Exception {
    var harness =
        new KeyedOneInputStreamOperatorTestHarness<StringData, RowData, RowData>(
            new KeyedProcessOperator<>(new Deduplicate(COLUMNS, HORIZON, 0)),
            new Deduplicate.ByShopper(COLUMNS.shopperId(), COLUMNS.messageId()),
            InternalTypeInfo.of(new VarCharType(VarCharType.MAX_LENGTH)));
    harness.setup(new RowDataSerializer(Clicks.ROW));
    if (state != null) {
      harness.initializeState(state);
    }
    harness.open();
    return harness;
  }

  private static OneInputStreamOperatorTestHarness<RowData, RowData> gate(OperatorSubtaskState state)
      throws Exception {
    var harness =
        new OneInputStreamOperatorTestHarness<RowData, RowData>(
            new ProcessOperator<>(new LateGate(COLUMNS, LATENESS)));
    harness.setup(new RowDataSerializer(Clicks.ROW));
    if (state != null) {
      harness.initializeState(state);
    }
    harness.open();
    return harness;
  }

  private static String verdict(OneInputStreamOperatorTestHarness<RowData, RowData> harness, RowData click)
      throws Exception {
    return row(harness, click).getString(COLUMNS.verdict()).toString();
  }

  private static RowData row(OneInputStreamOperatorTestHarness<RowData, RowData> harness, RowData click)
      throws Exception {
    harness.processElement(new StreamRecord<>(click));
    List<Object> out = new ArrayList<>(harness.getOutput());
    return ((StreamRecord<RowData>) out.get(out.size() - 1)).getValue();
  }

  /** A click as it comes off the network: binary. */
  private static RowData click(String shopper, int id, long occurredMs) throws Exception {
    return new RowDataSerializer(Clicks.ROW).toBinaryRow(decoded(shopper, id, occurredMs)).copy();
  }

  /** A click as the decoder gives it to the gate. */
  private static RowData decoded(String shopper, int id, long occurredMs) throws Exception {
    Contract contract = Contract.load("click_event");
    RowData event =
        new AvroRows.Reader(contract.schema(), contract.schema())
            .read(
                Clicks.bytes(
                    Clicks.event(
                        Map.of(
                            "user_id", shopper,
                            "event_id", String.format("01900000-0000-7000-8000-%012x", id),
                            "occurred_at", occurredMs))));
    GenericRowData row = new GenericRowData(Clicks.ROW.getFieldCount());
    for (int i = 0; i < contract.schema().getFields().size(); i++) {
      row.setField(i, ((GenericRowData) event).getField(i));
    }
    row.setField(COLUMNS.occurredAt(), TimestampData.fromEpochMillis(occurredMs));
    row.setField(COLUMNS.verdict(), StringData.fromString("ok"));
    row.setField(COLUMNS.shopperId(), StringData.fromString(shopper));
    row.setField(COLUMNS.messageId(), StringData.fromString("1:2:3:4"));
    row.setField(COLUMNS.payload(), PAYLOAD);
    return row;
  }
}
