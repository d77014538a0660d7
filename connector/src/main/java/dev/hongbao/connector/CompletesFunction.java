package dev.hongbao.connector;

import org.apache.flink.table.annotation.DataTypeHint;
import org.apache.flink.table.annotation.InputGroup;
import org.apache.flink.table.functions.ScalarFunction;

/**
 * Whether the event completes steps within a time: {@code COMPLETES(shopper, steps, resets, product_id, within_ms)}.
 *
 * <p>{@code shopper} is the column of that name in {@code activity}; {@code steps} and {@code resets} are event types,
 * comma between. See {@link Shopper#completes}.
 */
public final class CompletesFunction extends ScalarFunction {

  private transient String listedSteps;
  private transient String listedResets;
  private transient String[] steps;
  private transient String[] resets;

  /** Gives the answer; NULL without a shopper, steps or a time. */
  public Boolean eval(
      @DataTypeHint(inputGroup = InputGroup.ANY) Object shopper,
      String steps,
      String resets,
      String productId,
      Long withinMs) {
    if (shopper == null || steps == null || withinMs == null) {
      return null;
    }
    if (!(shopper instanceof Shopper)) {
      throw new IllegalArgumentException(
          "COMPLETES's first argument is " + shopper + "; give it activity's shopper");
    }
    if (!steps.equals(listedSteps)) {
      listedSteps = steps;
      this.steps = steps.split(",");
    }
    if (this.resets == null || !listedResets.equals(String.valueOf(resets))) {
      listedResets = String.valueOf(resets);
      this.resets = listedResets.split(",");
    }
    return ((Shopper) shopper).completes(this.steps, this.resets, productId, withinMs);
  }
}
