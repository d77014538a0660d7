package dev.hongbao.connector;

import java.time.Duration;
import java.util.Arrays;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.UpdatableRowData;
import org.apache.flink.table.data.binary.BinaryStringData;
import org.apache.flink.util.Collector;

/**
 * Marks an event whose id the same shopper sent before, within the horizon, as a duplicate.
 *
 * <p>Keyed by shopper, not by event id: two events of one shopper keep their order, so patterns and
 * coupon ids are the same after a replay. The horizon counts from the broker's clock at arrival. A
 * shopper costs 24 bytes an event within the horizon and about 150 once. Ids are kept sorted, so a
 * bot's ten thousandth event costs a binary search and one copy, not a scan. A horizon of zero lets everything
 * through; the rows are still brought to their shopper's subtask, which what follows relies on.
 */
final class Deduplicate extends KeyedProcessFunction<StringData, RowData, RowData> {

  private static final long serialVersionUID = 1L;
  private static final StringData DUPLICATE = StringData.fromString(Columns.DUPLICATE);
  /** High half, low half, when seen. */
  private static final int WIDTH = 3;

  private final Columns columns;
  private final Duration horizon;
  private final int niceness;
  private transient ValueState<long[]> seen;

  Deduplicate(Columns columns, Duration horizon, int niceness) {
    this.columns = columns;
    this.horizon = horizon;
    this.niceness = niceness;
  }

  @Override
  public void open(Configuration parameters) {
    Niceness.take(niceness);
    // Every job runs through here, in the TaskManager where its Python runs.
    Interpreter.forgetInterruption();
    ValueStateDescriptor<long[]> ids =
        new ValueStateDescriptor<>("seen", PrimitiveArrayTypeInfo.LONG_PRIMITIVE_ARRAY_TYPE_INFO);
    seen = getRuntimeContext().getState(ids);
  }

  @Override
  public void processElement(RowData row, Context context, Collector<RowData> out) throws Exception {
    if (!horizon.isZero() && !row.isNullAt(columns.shopperId()) && repeats(row.getString(columns.eventId()), context)) {
      UpdatableRowData repeat = new UpdatableRowData(row, row.getArity());
      repeat.setField(columns.verdict(), DUPLICATE);
      out.collect(repeat);
    } else {
      out.collect(row);
    }
  }

  private boolean repeats(StringData eventId, Context context) throws Exception {
    BinaryStringData id = (BinaryStringData) eventId;
    long high = half(id, 0);
    long low = half(id, 18);
    long nowMs = context.timerService().currentProcessingTime();
    long[] ids = seen.value();
    if (ids == null) {
      seen.update(new long[] {high, low, nowMs});
      forgetLater(context, nowMs);
      return false;
    }
    int at = find(ids, high, low);
    if (at >= 0 && nowMs - ids[at * WIDTH + 2] < horizon.toMillis()) {
      return true;
    }
    seen.update(at >= 0 ? renewed(ids, at, nowMs) : inserted(ids, -at - 1, high, low, nowMs));
    return false;
  }

  /** Drops the ids of a shopper who has been quiet for the horizon. Flink's time to live took a quarter of the job. */
  @Override
  public void onTimer(long timestamp, OnTimerContext context, Collector<RowData> out) throws Exception {
    long[] ids = seen.value();
    if (ids == null) {
      return;
    }
    long newestMs = 0;
    for (int i = 2; i < ids.length; i += WIDTH) {
      newestMs = Math.max(newestMs, ids[i]);
    }
    if (newestMs + horizon.toMillis() <= timestamp) {
      seen.clear();
    } else {
      forgetLater(context, newestMs);
    }
  }

  /** One timer a shopper at a time, and one second's together: a second's precision is a timer's price. */
  private void forgetLater(Context context, long newestMs) {
    long dueMs = newestMs + horizon.toMillis();
    context.timerService().registerProcessingTimeTimer(dueMs + 1_000 - dueMs % 1_000);
  }

  private long[] inserted(long[] ids, int at, long high, long low, long nowMs) {
    long[] kept = new long[ids.length + WIDTH];
    int size = 0;
    boolean placed = false;
    long oldest = nowMs - horizon.toMillis();
    for (int i = 0; i <= ids.length / WIDTH; i++) {
      if (i == at) {
        kept[size++] = high;
        kept[size++] = low;
        kept[size++] = nowMs;
      }
      if (i < ids.length / WIDTH && ids[i * WIDTH + 2] > oldest) {
        System.arraycopy(ids, i * WIDTH, kept, size, WIDTH);
        size += WIDTH;
      }
    }
    return size == kept.length ? kept : Arrays.copyOf(kept, size);
  }

  private static long[] renewed(long[] ids, int at, long nowMs) {
    long[] kept = ids.clone();
    kept[at * WIDTH + 2] = nowMs;
    return kept;
  }

  /** Gives the id's place, or where it belongs as {@code -(place) - 1}. */
  private static int find(long[] ids, long high, long low) {
    int from = 0;
    int to = ids.length / WIDTH - 1;
    while (from <= to) {
      int middle = (from + to) >>> 1;
      int order = Long.compareUnsigned(ids[middle * WIDTH], high);
      order = order != 0 ? order : Long.compareUnsigned(ids[middle * WIDTH + 1], low);
      if (order == 0) {
        return middle;
      }
      if (order < 0) {
        from = middle + 1;
      } else {
        to = middle - 1;
      }
    }
    return -from - 1;
  }

  /** Reads 16 hex digits from {@code start}, passing over dashes. */
  private static long half(BinaryStringData uuid, int start) {
    long value = 0;
    for (int i = start, digits = 0; digits < 16; i++) {
      int digit = Character.digit(uuid.byteAt(i), 16);
      if (digit >= 0) {
        value = value << 4 | digit;
        digits++;
      }
    }
    return value;
  }

  /** Keys a row by shopper; a dead letter by its message, so that a flood of them has no hot key. */
  static final class ByShopper implements KeySelector<RowData, StringData> {

    private static final long serialVersionUID = 1L;
    private final int shopperId;
    private final int messageId;

    ByShopper(int shopperId, int messageId) {
      this.shopperId = shopperId;
      this.messageId = messageId;
    }

    /** A copy where the text is a view of a whole row's bytes: state would keep the row alive with its key. */
    @Override
    public StringData getKey(RowData row) {
      StringData key = row.getString(row.isNullAt(shopperId) ? messageId : shopperId);
      return row instanceof GenericRowData ? key : ((BinaryStringData) key).copy();
    }
  }
}
