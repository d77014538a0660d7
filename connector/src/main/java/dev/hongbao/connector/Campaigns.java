package dev.hongbao.connector;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.flink.api.common.functions.RichFlatMapFunction;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.metrics.Counter;
import org.apache.flink.table.api.Table;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.utils.JoinedRowData;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.VarCharType;
import org.apache.flink.util.Collector;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives each candidate with the campaigns that may answer it, as one JSON list, and the model in use where one of them
 * chooses its offer by it; null where no campaign covers its pattern, and something built in does. A candidate whose pattern is covered, but for other shoppers, goes no further,
 * nor does one that nothing answers: the judge's Python is where candidates are dear.
 */
public final class Campaigns extends RichFlatMapFunction<RowData, RowData> {

  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(Campaigns.class);
  private static final LogicalType TEXT = new VarCharType(VarCharType.MAX_LENGTH);
  private static final List<String> ADDED = List.of("campaigns", "model");

  private final String serviceUrl;
  private final String adminUrl;
  private final String topic;
  private final String modelTopic;
  private final int rule;
  private final int tier;
  private final int category;
  private final int store;
  private final int basketMinor;
  private final int nth;
  private final int features;
  private final Set<String> builtIn;
  private transient CampaignBook book;
  private transient OfferModelBook models;
  private transient Counter refused;
  private transient Counter refusedModels;
  private transient OfferModel model;
  private transient StringData modelText;

  Campaigns(Rows rows, Map<String, String> broker, Set<String> builtIn) {
    this.serviceUrl = broker.get("service-url");
    this.adminUrl = broker.get("admin-url");
    this.topic = broker.get("campaigns");
    this.modelTopic = broker.get("models");
    this.rule = rows.position("rule");
    this.tier = rows.position("membership_tier");
    this.category = rows.position("category");
    this.store = rows.position("store_id");
    this.basketMinor = rows.position("basket_minor");
    this.nth = rows.position("nth");
    this.features = rows.position("features");
    this.builtIn = Set.copyOf(builtIn);
  }

  /**
   * Gives the candidates with the columns {@code campaigns} and {@code model} at the end.
   *
   * @param broker has service-url, admin-url, campaigns and models (topics)
   * @param builtIn the patterns that are answered without a campaign
   */
  public static Table of(
      StreamTableEnvironment tables, Table candidates, Map<String, String> broker, Set<String> builtIn) {
    Rows rows = new Rows(candidates);
    RowType row = (RowType) candidates.getResolvedSchema().toSourceRowDataType().getLogicalType();
    LogicalType[] types = new LogicalType[row.getFieldCount() + ADDED.size()];
    String[] names = new String[types.length];
    for (int i = 0; i < row.getFieldCount(); i++) {
      types[i] = row.getTypeAt(i);
      names[i] = row.getFieldNames().get(i);
    }
    for (int i = row.getFieldCount(); i < types.length; i++) {
      types[i] = TEXT;
      names[i] = ADDED.get(i - row.getFieldCount());
    }
    Campaigns campaigns = new Campaigns(rows, new HashMap<>(broker), builtIn);
    return tables.fromDataStream(
        Rows.stream(tables, candidates)
            .flatMap(campaigns)
            .returns(InternalTypeInfo.of(RowType.of(types, names)))
            .uid("coupons-campaigns")
            .name("coupons-campaigns"));
  }

  @Override
  public void open(Configuration parameters) throws Exception {
    refused = getRuntimeContext().getMetricGroup().counter("refused_campaigns");
    refusedModels = getRuntimeContext().getMetricGroup().counter("refused_models");
    book = new CampaignBook(serviceUrl, adminUrl, topic, reason -> refuse(refused, reason));
    models = new OfferModelBook(serviceUrl, adminUrl, modelTopic, reason -> refuse(refusedModels, reason));
  }

  private static void refuse(Counter counter, String reason) {
    counter.inc();
    LOG.error("{}", reason);
  }

  @Override
  public void flatMap(RowData candidate, Collector<RowData> out) {
    long nowMs = System.currentTimeMillis();
    String pattern = Rows.text(candidate, rule);
    Audience.Asked asked = null;
    boolean covered = false;
    boolean choosing = false;
    StringBuilder admitting = null;
    for (Campaign campaign : book.campaigns()) {
      if (!campaign.covers(pattern, nowMs)) {
        continue;
      }
      covered = true;
      if (asked == null) {
        asked = asked(candidate);
      }
      if (campaign.audience().admits(asked)) {
        admitting = admitting == null ? new StringBuilder("[") : admitting.append(',');
        admitting.append(campaign.text());
        choosing |= campaign.choosesByModel();
      }
    }
    if (covered ? admitting == null : !builtIn.contains(pattern)) {
      return;
    }
    StringData text = covered ? StringData.fromString(admitting.append(']').toString()) : null;
    JoinedRowData joined = new JoinedRowData(candidate, GenericRowData.of(text, choosing ? used() : null));
    joined.setRowKind(candidate.getRowKind());
    out.collect(joined);
  }

  /** Gives the text of the model in use, made once a model; null where none was chosen. */
  private StringData used() {
    OfferModel newest = models.used();
    if (newest != model) {
      model = newest;
      modelText = newest == null ? null : StringData.fromString(newest.text());
      LOG.info("offers are chosen by {}", newest == null ? "the scorecard that comes along" : newest.key());
    }
    return modelText;
  }

  private Audience.Asked asked(RowData candidate) {
    return new Audience.Asked(
        Rows.text(candidate, tier), Rows.text(candidate, category), Rows.text(candidate, store),
        candidate.getLong(basketMinor), candidate.isNullAt(nth) ? null : candidate.getLong(nth),
        new Features(Rows.text(candidate, features)));
  }

  @Override
  public void close() throws Exception {
    if (book != null) {
      book.close();
    }
    if (models != null) {
      models.close();
    }
  }
}
