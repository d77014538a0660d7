package dev.hongbao.connector;

import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.common.eventtime.WatermarkGenerator;
import org.apache.flink.api.common.eventtime.WatermarkGeneratorSupplier;
import org.apache.flink.api.common.eventtime.WatermarkOutput;

/**
 * Follows one partition's event time, and lets a quiet partition hold nothing up.
 *
 * <p>While events come, the watermark trails the newest by the out-of-orderness. After {@code
 * quietAfterMs} without one it jumps {@code quietJumpMs} past the newest of all partitions once, so
 * that every window that holds an event closes whichever partition is quiet last, and the partition
 * idles until the next event. It idles only one period after the jump: of partitions that jump and
 * idle together, Flink 1.20 emits no watermark at all.
 */
final class QuietWatermarks<T> implements WatermarkGenerator<T> {

  /** Marks an event whose time must not count: a dead letter. */
  static final long NO_TIME = Long.MIN_VALUE;

  private final long outOfOrdernessMs;
  private final long quietAfterMs;
  private final long quietJumpMs;
  private final LongSupplier clockMs;
  private final AtomicLong newestOfAllMs;

  private long newestMs = NO_TIME;
  private long arrivedMs;
  private State state = State.FLOWING;

  private enum State {
    FLOWING,
    JUMPED,
    IDLE
  }

  QuietWatermarks(
      long outOfOrdernessMs, long quietAfterMs, long quietJumpMs, LongSupplier clockMs, AtomicLong newestOfAllMs) {
    this.outOfOrdernessMs = outOfOrdernessMs;
    this.quietAfterMs = quietAfterMs;
    this.quietJumpMs = quietJumpMs;
    this.clockMs = clockMs;
    this.newestOfAllMs = newestOfAllMs;
    this.arrivedMs = clockMs.getAsLong();
  }

  @Override
  public void onEvent(T event, long eventMs, WatermarkOutput output) {
    // A partition that brings nothing but dead letters is quiet: it must not hold the others up.
    if (eventMs == NO_TIME) {
      return;
    }
    arrivedMs = clockMs.getAsLong();
    state = State.FLOWING;
    newestMs = Math.max(newestMs, eventMs);
    // One thread a subtask: nobody is in between.
    newestOfAllMs.setPlain(Math.max(newestOfAllMs.getPlain(), eventMs));
  }

  @Override
  public void onPeriodicEmit(WatermarkOutput output) {
    switch (state) {
      case FLOWING -> {
        boolean quiet = clockMs.getAsLong() - arrivedMs >= quietAfterMs;
        if (newestMs != NO_TIME) {
          long reached = quiet ? newestOfAllMs.getPlain() + quietJumpMs : newestMs - outOfOrdernessMs;
          output.emitWatermark(new Watermark(reached - 1));
        }
        if (quiet && newestMs == NO_TIME) {
          // It has nothing to jump from, and would hold up those that jump now.
          output.markIdle();
          state = State.IDLE;
        } else if (quiet) {
          state = State.JUMPED;
        }
      }
      case JUMPED -> {
        output.markIdle();
        state = State.IDLE;
      }
      case IDLE -> {}
    }
  }

  /** Makes the generators of one subtask's partitions, which know of the newest event among them. */
  static final class OfPartitions<T> implements WatermarkGeneratorSupplier<T> {

    private static final long serialVersionUID = 1L;
    private final long outOfOrdernessMs;
    private final long quietAfterMs;
    private final long quietJumpMs;
    private transient AtomicLong newestOfAllMs;

    OfPartitions(long outOfOrdernessMs, long quietAfterMs, long quietJumpMs) {
      this.outOfOrdernessMs = outOfOrdernessMs;
      this.quietAfterMs = quietAfterMs;
      this.quietJumpMs = quietJumpMs;
    }

    @Override
    public WatermarkGenerator<T> createWatermarkGenerator(Context context) {
      if (newestOfAllMs == null) {
        newestOfAllMs = new AtomicLong(NO_TIME);
      }
      return new QuietWatermarks<>(
          outOfOrdernessMs, quietAfterMs, quietJumpMs, System::currentTimeMillis, newestOfAllMs);
    }
  }
}
