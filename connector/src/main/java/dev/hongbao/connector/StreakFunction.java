package dev.hongbao.connector;

import org.apache.flink.table.annotation.DataTypeHint;
import org.apache.flink.table.annotation.InputGroup;
import org.apache.flink.table.functions.ScalarFunction;

/**
 * Counts a shopper's newest hits in a row: {@code STREAK(shopper, hit, resets, product_id, least_minor, within_ms)}.
 *
 * <p>{@code shopper} is the column of that name in {@code activity}; {@code resets} are event types, comma between.
 * See {@link Shopper#streak}.
 */
public final class StreakFunction extends ScalarFunction {

  private transient String listed;
  private transient String[] resets;

  /** Gives the count; NULL without a shopper, a hit or a time. */
  public Integer eval(
      @DataTypeHint(inputGroup = InputGroup.ANY) Object shopper,
      String hit,
      String resets,
      String productId,
      Long leastMinor,
      Long withinMs) {
    if (shopper == null || hit == null || withinMs == null) {
      return null;
    }
    if (!(shopper instanceof Shopper)) {
      throw new IllegalArgumentException("STREAK's first argument is " + shopper + "; give it activity's shopper");
    }
    if (this.resets == null || !listed.equals(resets)) {
      listed = String.valueOf(resets);
      this.resets = listed.split(",");
    }
    return ((Shopper) shopper).streak(hit, this.resets, productId, leastMinor, withinMs);
  }
}
