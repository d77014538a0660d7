package dev.hongbao.connector;

import org.apache.flink.table.annotation.DataTypeHint;
import org.apache.flink.table.annotation.InputGroup;
import org.apache.flink.table.functions.ScalarFunction;

/**
 * What the choice of an offer goes by, as one JSON object: {@code FEATURES(shopper, category)}.
 *
 * <p>{@code shopper} is the column of that name in {@code activity}; {@code category} is what the offer would be about. A
 * function, not a column: only what a pattern matched pays for the text. See {@link Profile#text}.
 */
public final class FeaturesFunction extends ScalarFunction {

  /** Gives the text; NULL without a shopper, or of one who was last seen before there were features. */
  public String eval(@DataTypeHint(inputGroup = InputGroup.ANY) Object shopper, String category) {
    if (shopper == null) {
      return null;
    }
    if (!(shopper instanceof Shopper)) {
      throw new IllegalArgumentException(
          "FEATURES's first argument is " + shopper + "; give it activity's shopper");
    }
    Shopper known = (Shopper) shopper;
    return known.profile == null ? null : known.profile.text(known.buyer, category);
  }
}
