package dev.hongbao.connector;

import java.time.Duration;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.util.Collector;

/**
 * Decides once, for everything downstream, which event is late: past watermark and allowed lateness.
 *
 * <p>What it lets through no window with the same lateness drops: a window sees the least of its
 * gates' watermarks, and that gate's only after the event, which the gate sent behind it.
 *
 * <p>The watermark is checkpointed. Flink's own is not, so after a restart an old event would open a
 * window whose state is gone and overwrite its published figures with a count of one. The least of
 * the old gates' watermarks is restored: no window was further.
 */
final class LateGate extends ProcessFunction<RowData, RowData> implements CheckpointedFunction {

  private static final long serialVersionUID = 1L;
  private static final StringData OK = StringData.fromString(Columns.OK);
  private static final StringData LATE = StringData.fromString(Columns.LATE);
  private static final StringData FIELD = StringData.fromString("occurred_at");

  private final Columns columns;
  private final Duration lateness;
  private transient ListState<Long> watermarks;
  private long watermarkMs = Long.MIN_VALUE;

  LateGate(Columns columns, Duration lateness) {
    this.columns = columns;
    this.lateness = lateness;
  }

  @Override
  public void initializeState(FunctionInitializationContext context) throws Exception {
    watermarks =
        context.getOperatorStateStore().getUnionListState(new ListStateDescriptor<>("watermark", Types.LONG));
    long least = Long.MAX_VALUE;
    for (Long restored : watermarks.get()) {
      least = Math.min(least, restored);
    }
    watermarkMs = least == Long.MAX_VALUE ? Long.MIN_VALUE : least;
  }

  @Override
  public void snapshotState(FunctionSnapshotContext context) throws Exception {
    watermarks.clear();
    watermarks.add(watermarkMs);
  }

  @Override
  public void processElement(RowData click, Context context, Collector<RowData> out) throws Exception {
    watermarkMs = Math.max(watermarkMs, context.timerService().currentWatermark());
    if (!click.getString(columns.verdict()).equals(OK)) {
      out.collect(click);
      return;
    }
    long lateByMs = watermarkMs - lateness.toMillis() - click.getTimestamp(columns.occurredAt(), 3).getMillisecond();
    GenericRowData judged = (GenericRowData) click;
    if (watermarkMs == Long.MIN_VALUE || lateByMs <= 0) {
      set(judged, columns.payload(), null);
    } else {
      judged.setField(columns.verdict(), LATE);
      set(judged, columns.reason(), StringData.fromString("came " + lateByMs + " ms after watermark and lateness"));
      set(judged, columns.field(), FIELD);
      set(judged, columns.watermarkAt(), TimestampData.fromEpochMillis(watermarkMs));
      set(judged, columns.lateByMs(), lateByMs);
    }
    out.collect(judged);
  }

  private static void set(GenericRowData row, int column, Object value) {
    if (column >= 0) {
      row.setField(column, value);
    }
  }
}
