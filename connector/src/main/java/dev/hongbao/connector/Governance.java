package dev.hongbao.connector;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.runtime.metrics.DescriptiveStatisticsHistogram;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectReader;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.InternalTimer;
import org.apache.flink.streaming.api.operators.InternalTimerService;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.operators.Triggerable;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.table.api.Table;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.binary.BinaryStringData;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.VarCharType;

/**
 * Issues coupons within every limit, in one subtask: {@link Treasury} decides, this remembers.
 *
 * <p>A checkpoint is seconds old when it is needed, and what was issued since has been sent. So after a failure the
 * coupons' own topic is read from there on, and what the checkpoint does not know is charged before anything new is
 * decided: the topic is the ledger, a checkpoint only shortens the reading. The sink's producer is exclusive and fences
 * an older one, so nothing is added behind the reader's back. A first start reads all that the topic still has.
 *
 * <p>An operator, not a function: only an operator may put a coupon that was read back into its shopper's state.
 */
public final class Governance extends AbstractStreamOperator<RowData>
    implements OneInputStreamOperator<RowData, RowData>, Triggerable<StringData, VoidNamespace> {

  private static final long serialVersionUID = 1L;
  private static final LogicalType TEXT = new VarCharType(VarCharType.MAX_LENGTH);
  private static final TypeInformation<Served> SERVED = Types.POJO(Served.class);
  private static final TypeInformation<Spent> SPENT = Types.POJO(Spent.class);
  /** Two clocks of one cluster differ by less. */
  private static final long CLOCKS_MS = 60_000;
  /** A timer serves all shoppers of a minute. */
  private static final long TIMER_MS = 60_000;
  /** The newest so many candidates are what the metric speaks of. */
  private static final int TIMED = 10_000;

  private final DecisionRows rows;
  private final int rule;
  private final int proposals;
  private final long mostPerDay;
  private final IssuedCoupons issued;
  private transient ValueState<Served> shoppers;
  private transient InternalTimerService<VoidNamespace> timers;
  private transient ListState<Spent> kept;
  private transient ListState<Long> standing;
  private transient ObjectReader json;
  private transient Treasury treasury;
  private transient List<GenericRowData> readBack;
  private transient Histogram candidateNs;
  private transient Counter pastDeadline;
  private long lastNumber;
  private long checkpointMs;

  Governance(Rows rows, long mostPerDay, IssuedCoupons issued) {
    this.rows = new DecisionRows(rows);
    this.rule = rows.position("rule");
    this.proposals = rows.position("proposals");
    this.mostPerDay = mostPerDay;
    this.issued = issued;
  }

  /**
   * Gives the table of decisions.
   *
   * @param proposed candidates with a JSON list {@code proposals}
   * @param mostPerDay coupons to one shopper over all campaigns in any 24 hours
   * @param readBack whether what was issued since the checkpoint is charged after a failure; budgets are overspent without
   * @param broker service-url, admin-url, coupons and campaigns (topics), and which partitions of coupons are the job's
   */
  public static Table of(
      StreamTableEnvironment tables, Table proposed, long mostPerDay, boolean readBack, Map<String, String> broker) {
    Rows rows = new Rows(proposed);
    IssuedCoupons issued = readBack ? new IssuedCoupons(broker) : IssuedCoupons.unread(broker);
    return tables.fromDataStream(
        Rows.stream(tables, proposed)
            .keyBy(new ByText(rows.position("shopper_id")), InternalTypeInfo.of(TEXT))
            .transform(
                "coupons-governance", InternalTypeInfo.of(DecisionRows.type()), new Governance(rows, mostPerDay, issued))
            .setParallelism(1)
            .uid("coupons-governance"));
  }

  @Override
  public void initializeState(StateInitializationContext context) throws Exception {
    super.initializeState(context);
    treasury = new Treasury(mostPerDay);
    kept = context.getOperatorStateStore().getListState(new ListStateDescriptor<>("spent", SPENT));
    standing = context.getOperatorStateStore().getListState(new ListStateDescriptor<>("standing", Types.LONG));
    for (Spent spent : kept.get()) {
      treasury.restore(spent);
    }
    List<Long> found = new ArrayList<>();
    standing.get().forEach(found::add);
    lastNumber = found.isEmpty() ? -1 : found.get(0);
    checkpointMs = found.isEmpty() ? 0 : found.get(1);
  }

  @Override
  public void open() throws Exception {
    super.open();
    json = new ObjectMapper().readerForListOf(Proposal.class);
    shoppers = getRuntimeContext().getState(new ValueStateDescriptor<>("served", SERVED));
    timers = getInternalTimerService("forget", VoidNamespaceSerializer.INSTANCE, this);
    candidateNs = getMetricGroup().histogram("candidate_ns", new DescriptiveStatisticsHistogram(TIMED));
    pastDeadline = getMetricGroup().counter("past_deadline");
    readBack = chargeWhatWasIssued();
  }

  /** Puts what no checkpoint knows into the books; gives the decisions, to be landed once more. */
  private List<GenericRowData> chargeWhatWasIssued() throws Exception {
    List<GenericRowData> triggers = issued.after(lastNumber, checkpointMs - CLOCKS_MS);
    Map<String, Campaign> campaigns = triggers.isEmpty() ? Map.of() : issued.campaigns();
    Set<String> seen = new HashSet<>();
    List<GenericRowData> decisions = new ArrayList<>();
    for (GenericRowData trigger : triggers) {
      if (seen.add(IssuedCoupons.text(trigger, "coupon_id"))) {
        charge(trigger, campaigns);
        decisions.add(DecisionRows.of(trigger));
      }
    }
    return decisions;
  }

  private void charge(GenericRowData trigger, Map<String, Campaign> campaigns) throws Exception {
    long atMs = IssuedCoupons.millis(trigger, "decided_at");
    String name = IssuedCoupons.text(trigger, "campaign_id");
    Integer version = (Integer) IssuedCoupons.field(trigger, "campaign_version");
    Campaign campaign = version == null ? null : campaigns.get(name);
    String id = IssuedCoupons.text(trigger, "coupon_id");
    long costMinor = (Long) IssuedCoupons.field(trigger, "cost_minor");
    Proposal proposal =
        campaign == null
            // Without a file, or its definition is gone: then it counts for a day.
            ? Proposal.issued(id, name, version, IssuedCoupons.text(trigger, "offer"), costMinor, atMs, "UTC", 0, null)
            : campaign.issued(id, IssuedCoupons.text(trigger, "offer"), costMinor);
    Long number = (Long) IssuedCoupons.field(trigger, "issue_number");
    lastNumber = number == null ? lastNumber : Math.max(lastNumber, number);
    setCurrentKey(IssuedCoupons.field(trigger, "shopper_id"));
    Served served = served();
    if (!served.has(id)) {
      treasury.charge(proposal);
      treasury.count(proposal, IssuedCoupons.text(trigger, "rule"), served, atMs, true);
      keep(served);
    }
  }

  @Override
  public void processElement(StreamRecord<RowData> record) throws Exception {
    landReadBack();
    long startedNs = System.nanoTime();
    decide(record);
    // Two looks at the clock and a place in a ring: below 0.1 us of the candidate's.
    candidateNs.update(System.nanoTime() - startedNs);
  }

  /** From a candidate's proposals to its decisions on their way: all that governance costs it. */
  private void decide(StreamRecord<RowData> record) throws Exception {
    RowData candidate = record.getValue();
    long nowMs = timers.currentProcessingTime();
    List<Proposal> proposed = json.readValue(candidate.getString(proposals).toBytes());
    Served served = served();
    served.forget(nowMs);
    List<Treasury.Decision> decisions =
        treasury.decide(proposed, candidate.getString(rule).toString(), served, nowMs);
    if (decisions.isEmpty()) {
      return;
    }
    keep(served);
    for (Treasury.Decision decision : decisions) {
      if (decision.outcome() == Treasury.Outcome.PAST_DEADLINE) {
        pastDeadline.inc();
      }
      Long number = decision.outcome() == Treasury.Outcome.ISSUED ? Long.valueOf(++lastNumber) : null;
      output.collect(record.replace(rows.of(candidate, decision, number, nowMs)));
    }
  }

  /** A checkpoint that knows what was read back must not be without it. */
  @Override
  public void prepareSnapshotPreBarrier(long checkpointId) {
    landReadBack();
  }

  /** Not while opening, when nothing may be sent on. */
  private void landReadBack() {
    readBack.forEach(decision -> output.collect(new StreamRecord<>(decision)));
    readBack = List.of();
  }

  private Served served() throws Exception {
    Served served = shoppers.value();
    return served == null ? new Served() : served;
  }

  /** Keeps what still counts, with one timer a shopper at a time. */
  private void keep(Served served) throws Exception {
    long nowMs = timers.currentProcessingTime();
    long nextMs = served.forget(nowMs);
    if (nextMs == 0) {
      shoppers.clear();
      return;
    }
    long dueMs = (nextMs / TIMER_MS + 1) * TIMER_MS;
    if (served.timerMs <= nowMs || dueMs < served.timerMs) {
      served.timerMs = dueMs;
      timers.registerProcessingTimeTimer(VoidNamespace.INSTANCE, dueMs);
    }
    shoppers.update(served);
  }

  @Override
  public void onProcessingTime(InternalTimer<StringData, VoidNamespace> timer) throws Exception {
    Served served = shoppers.value();
    if (served != null && served.timerMs <= timer.getTimestamp()) {
      served.timerMs = 0;
      keep(served);
    }
  }

  @Override
  public void onEventTime(InternalTimer<StringData, VoidNamespace> timer) {}

  @Override
  public void snapshotState(StateSnapshotContext context) throws Exception {
    super.snapshotState(context);
    kept.clear();
    for (Spent spent : treasury.books()) {
      kept.add(spent);
    }
    standing.update(Arrays.asList(lastNumber, System.currentTimeMillis()));
  }

  /** Keys a row by one of its texts; a copy, for the state would keep the whole row alive with the key. */
  private record ByText(int column) implements KeySelector<RowData, StringData> {
    @Override
    public StringData getKey(RowData row) {
      return ((BinaryStringData) row.getString(column)).copy();
    }
  }
}
