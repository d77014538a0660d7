package dev.hongbao.connector;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.functions.KeySelector;
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
import org.apache.flink.table.types.logical.BooleanType;
import org.apache.flink.table.types.logical.BigIntType;
import org.apache.flink.table.types.logical.DoubleType;
import org.apache.flink.table.types.logical.IntType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;
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
  private static final StringData ISSUED = outcome(Treasury.Outcome.ISSUED);
  /** Two clocks of one cluster differ by less. */
  private static final long CLOCKS_MS = 60_000;
  /** A timer serves all shoppers of a minute. */
  private static final long TIMER_MS = 60_000;

  /** The candidate's part of a decision, then what was decided. */
  private static final List<String> TAKEN =
      List.of(
          "shopper_id", "rule", "cause_event_id", "product_id", "category", "membership_tier", "favourite_category",
          "basket_minor", "occurred_ms", "published_ms", "due_ms", "read_ms");

  private static final List<String> DECIDED =
      List.of(
          "decision_id", "campaign_id", "campaign_version", "outcome", "offer", "kind", "discount_percent",
          "discount_minor", "points", "cost_minor", "currency", "lane", "score", "issue_number", "decided_ms",
          "expires_ms", "sent_before");

  private final int[] taken;
  private final int rule;
  private final int proposals;
  private final long mostPerDay;
  private final Map<String, String> broker;
  private transient ValueState<Served> shoppers;
  private transient InternalTimerService<VoidNamespace> timers;
  private transient ListState<Spent> kept;
  private transient ListState<Long> standing;
  private transient ObjectReader json;
  private transient Treasury treasury;
  private transient List<GenericRowData> readBack;
  private long lastNumber;
  private long checkpointMs;

  Governance(Rows rows, long mostPerDay, Map<String, String> broker) {
    this.taken = TAKEN.stream().mapToInt(rows::position).toArray();
    this.rule = rows.position("rule");
    this.proposals = rows.position("proposals");
    this.mostPerDay = mostPerDay;
    this.broker = new HashMap<>(broker);
  }

  /**
   * Gives the table of decisions.
   *
   * @param proposed candidates with a JSON list {@code proposals}
   * @param mostPerDay coupons to one shopper over all campaigns in any 24 hours
   * @param broker service-url, admin-url, coupons and campaigns (topics); empty for a run without a broker
   */
  public static Table of(StreamTableEnvironment tables, Table proposed, long mostPerDay, Map<String, String> broker) {
    Rows rows = new Rows(proposed);
    return tables.fromDataStream(
        Rows.stream(tables, proposed)
            .keyBy(new ByText(rows.position("shopper_id")), InternalTypeInfo.of(TEXT))
            .transform(
                "coupons-governance", InternalTypeInfo.of(type()), new Governance(rows, mostPerDay, broker))
            .setParallelism(1)
            .uid("coupons-governance"));
  }

  static RowType type() {
    List<String> names = new ArrayList<>(TAKEN);
    names.addAll(DECIDED);
    LogicalType[] types = names.stream().map(Governance::type).toArray(LogicalType[]::new);
    return RowType.of(types, names.toArray(String[]::new));
  }

  private static LogicalType type(String column) {
    return switch (column) {
      case "campaign_version", "discount_percent" -> new IntType();
      case "points", "issue_number" -> new BigIntType();
      case "score" -> new DoubleType();
      case "sent_before" -> new BooleanType();
      default -> column.endsWith("_ms") || column.endsWith("_minor") ? new BigIntType() : TEXT;
    };
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
    readBack = broker.isEmpty() ? List.of() : chargeWhatWasIssued();
  }

  /** Puts what no checkpoint knows into the books; gives the decisions, to be landed once more. */
  private List<GenericRowData> chargeWhatWasIssued() throws Exception {
    IssuedCoupons topic = new IssuedCoupons(broker.get("service-url"), broker.get("admin-url"), broker.get("coupons"));
    List<GenericRowData> triggers = topic.after(lastNumber, checkpointMs - CLOCKS_MS);
    Map<String, Campaign> campaigns = new HashMap<>();
    if (!triggers.isEmpty()) {
      Consumer<String> refused = reason -> LOG.error("{}", reason);
      try (CampaignBook book =
          new CampaignBook(broker.get("service-url"), broker.get("admin-url"), broker.get("campaigns"), refused)) {
        book.campaigns().forEach(campaign -> campaigns.put(campaign.name(), campaign));
      }
    }
    Set<String> seen = new HashSet<>();
    List<GenericRowData> decisions = new ArrayList<>();
    for (GenericRowData trigger : triggers) {
      if (seen.add(text(trigger, "coupon_id"))) {
        charge(trigger, campaigns);
        decisions.add(decision(trigger));
      }
    }
    return decisions;
  }

  private void charge(GenericRowData trigger, Map<String, Campaign> campaigns) throws Exception {
    long atMs = millis(trigger, "decided_at");
    String name = text(trigger, "campaign_id");
    Integer version = (Integer) field(trigger, "campaign_version");
    Campaign campaign = version == null ? null : campaigns.get(name);
    String id = text(trigger, "coupon_id");
    long costMinor = (Long) field(trigger, "cost_minor");
    Proposal proposal =
        campaign == null
            ? Proposal.issued(id, name, null, text(trigger, "offer"), costMinor, 0, "UTC", 0, null)
            : campaign.issued(id, text(trigger, "offer"), costMinor);
    Long number = (Long) field(trigger, "issue_number");
    lastNumber = number == null ? lastNumber : Math.max(lastNumber, number);
    setCurrentKey(field(trigger, "shopper_id"));
    Served served = served();
    if (!served.has(id)) {
      treasury.charge(proposal);
      treasury.count(proposal, text(trigger, "rule"), served, atMs, true);
      keep(served);
    }
  }

  @Override
  public void processElement(StreamRecord<RowData> record) throws Exception {
    if (!readBack.isEmpty()) {
      readBack.forEach(decision -> output.collect(new StreamRecord<>(decision)));
      readBack = List.of();
    }
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
      output.collect(record.replace(row(candidate, decision, nowMs)));
    }
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

  private RowData row(RowData candidate, Treasury.Decision decision, long nowMs) {
    Proposal proposal = decision.proposal();
    boolean issues = decision.outcome() == Treasury.Outcome.ISSUED;
    GenericRowData row = new GenericRowData(TAKEN.size() + DECIDED.size());
    for (int i = 0; i < taken.length; i++) {
      row.setField(i, TAKEN.get(i).endsWith("_ms") || TAKEN.get(i).endsWith("_minor")
          ? (Object) candidate.getLong(taken[i])
          : candidate.isNullAt(taken[i]) ? null : candidate.getString(taken[i]));
    }
    Object[] decided = {
      StringData.fromString(proposal.id()), StringData.fromString(proposal.campaign()), proposal.version(),
      outcome(decision.outcome()), StringData.fromString(proposal.offer()), StringData.fromString(proposal.kind()),
      proposal.percent(), proposal.minor(), proposal.points(), issues ? proposal.costMinor() : 0L,
      StringData.fromString(proposal.currency()), StringData.fromString(proposal.lane()), proposal.score(),
      issues ? Long.valueOf(++lastNumber) : null, nowMs, nowMs + proposal.validMs(), false
    };
    for (int i = 0; i < decided.length; i++) {
      row.setField(TAKEN.size() + i, decided[i]);
    }
    return row;
  }

  /** Gives the decision that led to a trigger; its score is not in it. */
  private static GenericRowData decision(GenericRowData trigger) {
    GenericRowData row = new GenericRowData(TAKEN.size() + DECIDED.size());
    int at = 0;
    for (String name : TAKEN) {
      row.setField(at++, name.endsWith("_ms") ? (Object) millis(trigger, at(name)) : field(trigger, name));
    }
    for (String name : DECIDED) {
      row.setField(
          at++,
          switch (name) {
            case "decision_id" -> field(trigger, "coupon_id");
            case "outcome" -> ISSUED;
            case "score" -> 0.0;
            case "sent_before" -> true;
            case "decided_ms", "expires_ms" -> millis(trigger, at(name));
            default -> field(trigger, name);
          });
    }
    return row;
  }

  private static String at(String column) {
    return column.replace("_ms", "_at");
  }

  private static Object field(GenericRowData trigger, String name) {
    return trigger.getField(IssuedCoupons.position(name));
  }

  private static String text(GenericRowData trigger, String name) {
    return field(trigger, name).toString();
  }

  private static long millis(GenericRowData trigger, String name) {
    return trigger.getTimestamp(IssuedCoupons.position(name), 3).getMillisecond();
  }

  private static StringData outcome(Treasury.Outcome outcome) {
    return StringData.fromString(outcome.name().toLowerCase(Locale.ROOT));
  }

  /** Keys a row by one of its texts; a copy, for the state would keep the whole row alive with the key. */
  private record ByText(int column) implements KeySelector<RowData, StringData> {
    @Override
    public StringData getKey(RowData row) {
      return ((BinaryStringData) row.getString(column)).copy();
    }
  }
}
