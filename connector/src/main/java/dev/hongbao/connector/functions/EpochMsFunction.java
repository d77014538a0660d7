package dev.hongbao.connector.functions;

import java.time.Instant;
import org.apache.flink.table.annotation.DataTypeHint;
import org.apache.flink.table.functions.ScalarFunction;

/** Tells a moment as milliseconds since 1970 UTC, which Flink SQL has no function for: {@code EPOCH_MS(at)}. */
public final class EpochMsFunction extends ScalarFunction {

  public Long eval(@DataTypeHint("TIMESTAMP_LTZ(3)") Instant at) {
    return at == null ? null : at.toEpochMilli();
  }
}
