package dev.hongbao.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.common.eventtime.WatermarkOutput;
import org.apache.flink.api.common.eventtime.WatermarkOutputMultiplexer;
import org.junit.jupiter.api.Test;

class QuietWatermarksTest {

  private final List<String> told = new ArrayList<>();
  private final WatermarkOutput output =
      new WatermarkOutput() {
        @Override
        public void emitWatermark(Watermark watermark) {
          told.add(String.valueOf(watermark.getTimestamp()));
        }

        @Override
        public void markIdle() {
          told.add("idle");
        }

        @Override
        public void markActive() {}
      };
  private long nowMs = 0;
  private final AtomicLong newestOfAllMs = new AtomicLong(QuietWatermarks.NO_TIME);
  private final QuietWatermarks<String> watermarks = partition();

  private QuietWatermarks<String> partition() {
    return new QuietWatermarks<>(100, 5_000, 60_000, () -> nowMs, newestOfAllMs);
  }

  @Test
  void trailsTheNewestEvent() {
    watermarks.onEvent("a", 10_000, output);
    watermarks.onEvent("b", 9_000, output);
    watermarks.onPeriodicEmit(output);
    assertEquals(List.of("9899"), told);
  }

  @Test
  void jumpsOnceWhenQuietAndWakesWithTheNextEvent() {
    watermarks.onEvent("a", 10_000, output);
    nowMs = 5_000;
    watermarks.onPeriodicEmit(output);
    watermarks.onPeriodicEmit(output);
    watermarks.onEvent("b", 80_000, output);
    watermarks.onPeriodicEmit(output);
    assertEquals(List.of("69999", "idle", "79899"), told);
  }

  @Test
  void jumpsPastTheNewestOfAllPartitions() {
    partition().onEvent("newest", 90_000, output);
    watermarks.onEvent("a", 10_000, output);
    nowMs = 5_000;
    watermarks.onPeriodicEmit(output);
    assertEquals(List.of("149999"), told);
  }

  @Test
  void partitionsQuietInTheSameMomentJump() {
    List<QuietWatermarks<String>> partitions = List.of(partition(), partition());
    for (int number = 0; number < partitions.size(); number++) {
      partitions.get(number).onEvent("a", 10_000 + number, output);
    }
    fallQuiet(partitions);
    assertEquals(List.of("70000", "idle"), told);
  }

  @Test
  void partitionThatNeverHadAnEventHoldsNoJumpUp() {
    List<QuietWatermarks<String>> partitions = List.of(partition(), partition());
    partitions.get(0).onEvent("a", 10_000, output);
    fallQuiet(partitions);
    assertEquals(List.of("69999", "idle"), told);
  }

  private void fallQuiet(List<QuietWatermarks<String>> partitions) {
    WatermarkOutputMultiplexer multiplexer = new WatermarkOutputMultiplexer(output);
    for (int number = 0; number < partitions.size(); number++) {
      multiplexer.registerNewOutput(String.valueOf(number), watermark -> {});
    }
    nowMs = 5_000;
    for (int period = 0; period < 2; period++) {
      for (int number = 0; number < partitions.size(); number++) {
        partitions.get(number).onPeriodicEmit(multiplexer.getDeferredOutput(String.valueOf(number)));
      }
      multiplexer.onPeriodicEmit();
    }
  }

  @Test
  void partitionWithoutEventsIdles() {
    nowMs = 5_000;
    watermarks.onPeriodicEmit(output);
    watermarks.onPeriodicEmit(output);
    assertEquals(List.of("idle"), told);
  }

  @Test
  void partitionOfDeadLettersIdles() {
    nowMs = 5_000;
    watermarks.onEvent("dead", QuietWatermarks.NO_TIME, output);
    watermarks.onPeriodicEmit(output);
    watermarks.onEvent("dead", QuietWatermarks.NO_TIME, output);
    watermarks.onPeriodicEmit(output);
    assertEquals(List.of("idle"), told);
  }
}
