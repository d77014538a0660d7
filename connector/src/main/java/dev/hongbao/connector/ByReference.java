package dev.hongbao.connector;

import java.io.IOException;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.base.TypeSerializerSingleton;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * Hands a shopper from one operator to the next in the same thread, and refuses to send it anywhere else.
 *
 * <p>The planner copies every column that an expression reads. A copy of a {@link Shopper} was its whole history
 * written to bytes, twice an event: a third of the coupons job's work before the judge.
 */
final class ByReference extends TypeSerializerSingleton<Shopper> {

  private static final long serialVersionUID = 1L;
  static final ByReference INSTANCE = new ByReference();

  @Override
  public boolean isImmutableType() {
    return true;
  }

  @Override
  public Shopper createInstance() {
    return new Shopper();
  }

  @Override
  public Shopper copy(Shopper from) {
    return from;
  }

  @Override
  public Shopper copy(Shopper from, Shopper reuse) {
    return from;
  }

  @Override
  public int getLength() {
    return 0;
  }

  /** Writes nothing: the planner keeps the object beside the bytes. */
  @Override
  public void serialize(Shopper shopper, DataOutputView target) {}

  @Override
  public Shopper deserialize(DataInputView source) throws IOException {
    throw new IOException(
        "activity's column shopper was sent to another subtask; use it (STREAK) before whatever shuffles rows");
  }

  @Override
  public Shopper deserialize(Shopper reuse, DataInputView source) throws IOException {
    return deserialize(source);
  }

  @Override
  public void copy(DataInputView source, DataOutputView target) {}

  @Override
  public TypeSerializerSnapshot<Shopper> snapshotConfiguration() {
    return new Snapshot();
  }

  /** Says how it was written. */
  public static final class Snapshot extends SimpleTypeSerializerSnapshot<Shopper> {
    public Snapshot() {
      super(() -> INSTANCE);
    }
  }
}
