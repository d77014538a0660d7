package dev.hongbao.connector;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.metrics.Counter;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.InternalTimer;
import org.apache.flink.streaming.api.operators.InternalTimerService;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.operators.Triggerable;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.types.Row;

/**
 * Moves each category's price with the windows of its conversion: {@link Pricing} decides, this remembers.
 *
 * <p>A window decides when it is over by the watermark and by the clock: a pause of the stream lets the watermark jump
 * ahead, and closes windows that go on, or are yet to begin. A correction of one that is over decides nothing.
 *
 * <p>A change is sent once a checkpoint that holds it is complete, and is in the state until a later one holds that it
 * was sent. So shops know no price that the job would not go on from, whatever a replay counts anew, and after a failure
 * what they know comes again as it was. It costs up to a checkpoint's interval, which a price has and a coupon has not.
 *
 * <p>What the topic says is newer than a start's state wins: a job submitted without its state, or from an old
 * savepoint, goes on from the prices that shops have.
 *
 * <p>An operator, not a function: only an operator may send when it is told that a checkpoint is complete.
 */
public final class Prices extends AbstractStreamOperator<Row>
    implements OneInputStreamOperator<Row, Row>, Triggerable<String, VoidNamespace> {

  private static final long serialVersionUID = 1L;
  private static final TypeInformation<PriceLevel> LEVEL = Types.POJO(PriceLevel.class);
  private static final TypeInformation<PriceWindow> WINDOW = Types.POJO(PriceWindow.class);
  private static final TypeInformation<PriceChange> CHANGE = Types.POJO(PriceChange.class);
  private static final int KIND = Conversion.column("window_kind");
  private static final int START = Conversion.column("window_start");
  private static final int END = Conversion.column("window_end");
  private static final int DIMENSION = Conversion.column("dimension");
  private static final int VALUE = Conversion.column("value");
  private static final int VIEWERS = Conversion.column("viewers");
  private static final int BUYERS = Conversion.column("buyers");
  private static final int CLOSING = Conversion.column("closing");

  private final PriceRules rules;
  private final PublishedPrices published;
  private final long stragglersMs;
  private transient ValueState<PriceLevel> levels;
  /** By their ends, in event time: closed before their time by the clock, or opened behind the watermark. */
  private transient MapState<Long, PriceWindow> early;

  private transient InternalTimerService<VoidNamespace> timers;
  private transient ListState<PriceChange> unsent;
  private transient Map<String, PriceLevel> told;
  /** In no checkpoint yet; in those that are not known to be complete, by their ids; and in a complete one. */
  private transient List<PriceChange> decided;

  private transient NavigableMap<Long, List<PriceChange>> held;
  private transient List<PriceChange> due;
  /** Sent by a job whose state this one has not: its last files never appeared, so it lands again. */
  private transient List<PriceChange> readBack;

  private transient boolean restored;

  Prices(PriceRules rules, PublishedPrices published, long stragglersMs) {
    this.rules = rules;
    this.published = published;
    this.stragglersMs = stragglersMs;
  }

  /**
   * Gives a row for each change of a category's price, by the fields of {@code price_trigger.avsc}, and whether it was
   * {@code sent_before}.
   *
   * @param counted what {@link Conversion} gives
   * @param broker service-url, admin-url, price-rules and prices (topics)
   * @param stragglersMs how long after a window's end its last events come, in milliseconds
   */
  public static DataStream<Row> of(DataStream<Row> counted, Map<String, String> broker, long stragglersMs) {
    return counted
        .filter(window -> "category".equals(window.getField(DIMENSION)))
        .uid("conversion-categories")
        .name("conversion-categories")
        .keyBy(window -> (String) window.getField(VALUE), Types.STRING)
        .transform(
            "conversion-prices", PriceChange.ROW,
            new Prices(new PriceRules(broker), new PublishedPrices(broker), stragglersMs))
        .uid("conversion-prices");
  }

  @Override
  public void initializeState(StateInitializationContext context) throws Exception {
    super.initializeState(context);
    levels = context.getKeyedStateStore().getState(new ValueStateDescriptor<>("level", LEVEL));
    early = context.getKeyedStateStore().getMapState(new MapStateDescriptor<>("early", Types.LONG, WINDOW));
    unsent = context.getOperatorStateStore().getListState(new ListStateDescriptor<>("unsent", CHANGE));
    decided = new ArrayList<>();
    held = new TreeMap<>();
    due = new ArrayList<>();
    readBack = new ArrayList<>();
    restored = context.isRestored();
    // What a checkpoint gives back was complete.
    unsent.get().forEach(due::add);
  }

  @Override
  public void open() throws Exception {
    super.open();
    timers = getInternalTimerService("ends", VoidNamespaceSerializer.INSTANCE, this);
    Counter refused = getMetricGroup().counter("refused_price_rules");
    rules.open(
        reason -> {
          refused.inc();
          LOG.error("{}", reason);
        });
    Collection<PriceChange> changes = published.changes();
    told = new HashMap<>();
    for (PriceChange change : changes) {
      // A repeat may come after the next.
      told.merge(
          change.category, PriceLevel.after(change),
          (one, other) -> one.decidedEndMs < other.decidedEndMs ? other : one);
    }
    if (!restored && getRuntimeContext().getTaskInfo().getIndexOfThisSubtask() == 0) {
      readBack.addAll(changes);
    }
  }

  @Override
  public void processElement(StreamRecord<Row> record) throws Exception {
    send();
    Row row = record.getValue();
    PriceRule rule = rules.of((String) row.getField(VALUE));
    if (rule == null || !rule.windowKind().equals(row.getField(KIND))) {
      return;
    }
    PriceWindow window =
        PriceWindow.of(
            rule.windowKind(), millis(row, START), millis(row, END), (long) row.getField(VIEWERS),
            (long) row.getField(BUYERS));
    long overMs = window.endMs + stragglersMs;
    if (timers.currentProcessingTime() < overMs) {
      early.put(window.endMs, window);
      timers.registerProcessingTimeTimer(VoidNamespace.INSTANCE, overMs);
    } else if ((boolean) row.getField(CLOSING)) {
      decide(rule, window);
    }
  }

  @Override
  public void onProcessingTime(InternalTimer<String, VoidNamespace> timer) throws Exception {
    NavigableMap<Long, PriceWindow> inOrder = new TreeMap<>();
    for (PriceWindow window : early.values()) {
      inOrder.put(window.endMs, window);
    }
    PriceRule rule = rules.of(timer.getKey());
    for (PriceWindow window : inOrder.values()) {
      long overMs = window.endMs + stragglersMs;
      if (overMs > timer.getTimestamp()) {
        // An upgrade may have changed how long stragglers take since its timer was set.
        timers.registerProcessingTimeTimer(VoidNamespace.INSTANCE, overMs);
        continue;
      }
      if (rule != null) {
        decide(rule, window);
      }
      early.remove(window.endMs);
    }
  }

  @Override
  public void onEventTime(InternalTimer<String, VoidNamespace> timer) {}

  private void decide(PriceRule rule, PriceWindow window) throws Exception {
    if (!rule.active()) {
      return;
    }
    PriceLevel level = level(rule.category());
    PriceChange change = Pricing.decide(rule, level, window, timers.currentProcessingTime());
    levels.update(level);
    if (change != null) {
      decided.add(change);
    }
  }

  private PriceLevel level(String category) throws Exception {
    PriceLevel level = levels.value();
    PriceLevel newer = told.remove(category);
    if (newer != null && (level == null || level.decidedEndMs == null || level.decidedEndMs < newer.decidedEndMs)) {
      return newer;
    }
    return level == null ? new PriceLevel() : level;
  }

  private static long millis(Row row, int column) {
    return ((Instant) row.getField(column)).toEpochMilli();
  }

  /** While a job opens nothing may be sent on; what is due then goes with the first window or the first checkpoint. */
  @Override
  public void prepareSnapshotPreBarrier(long checkpointId) {
    send();
  }

  @Override
  public void snapshotState(StateSnapshotContext context) throws Exception {
    super.snapshotState(context);
    held.computeIfAbsent(context.getCheckpointId(), id -> new ArrayList<>()).addAll(decided);
    decided.clear();
    List<PriceChange> all = new ArrayList<>();
    held.values().forEach(all::addAll);
    unsent.update(all);
  }

  @Override
  public void notifyCheckpointComplete(long checkpointId) throws Exception {
    super.notifyCheckpointComplete(checkpointId);
    NavigableMap<Long, List<PriceChange>> complete = held.headMap(checkpointId, true);
    complete.values().forEach(due::addAll);
    complete.clear();
    send();
  }

  private void send() {
    readBack.forEach(change -> output.collect(new StreamRecord<>(change.row(true))));
    readBack.clear();
    due.forEach(change -> output.collect(new StreamRecord<>(change.row(false))));
    due.clear();
  }

  @Override
  public void close() throws Exception {
    rules.close();
    super.close();
  }
}
