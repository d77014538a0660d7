package dev.hongbao.connector;

import java.util.function.LongSupplier;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.common.eventtime.WatermarkGenerator;
import org.apache.flink.api.common.eventtime.WatermarkOutput;

/**
 * Follows one partition's event time, and lets a quiet partition hold nothing up.
 *
 * <p>While events come, the watermark trails the newest by the out-of-orderness. After {@code
 * quietAfterMs} without one it jumps ahead by {@code quietJumpMs} once, so that every window that
 * holds an event closes, and the partition idles until the next event.
 */
final class QuietWatermarks<T> implements WatermarkGenerator<T> {

  /** Marks an event whose time must not count: a dead letter. */
  static final long NO_TIME = Long.MIN_VALUE;

  private final long outOfOrdernessMs;
  private final long quietAfterMs;
  private final long quietJumpMs;
  private final LongSupplier clockMs;

  private long newestMs = NO_TIME;
  private long arrivedMs;
  private boolean quiet;

  QuietWatermarks(long outOfOrdernessMs, long quietAfterMs, long quietJumpMs, LongSupplier clockMs) {
    this.outOfOrdernessMs = outOfOrdernessMs;
    this.quietAfterMs = quietAfterMs;
    this.quietJumpMs = quietJumpMs;
    this.clockMs = clockMs;
    this.arrivedMs = clockMs.getAsLong();
  }

  @Override
  public void onEvent(T event, long eventMs, WatermarkOutput output) {
    arrivedMs = clockMs.getAsLong();
    quiet = false;
    if (eventMs != NO_TIME) {
      newestMs = Math.max(newestMs, eventMs);
    }
  }

  @Override
  public void onPeriodicEmit(WatermarkOutput output) {
    if (quiet) {
      return;
    }
    quiet = clockMs.getAsLong() - arrivedMs >= quietAfterMs;
    if (newestMs != NO_TIME) {
      output.emitWatermark(new Watermark(newestMs + (quiet ? quietJumpMs : -outOfOrdernessMs) - 1));
    }
    if (quiet) {
      output.markIdle();
    }
  }
}
