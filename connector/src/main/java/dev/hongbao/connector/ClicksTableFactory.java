package dev.hongbao.connector;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.connector.source.ScanTableSource;
import org.apache.flink.table.connector.source.abilities.SupportsProjectionPushDown;
import org.apache.flink.table.connector.source.abilities.SupportsSourceWatermark;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DynamicTableSourceFactory;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.RowType;

/**
 * Makes the table {@code 'connector' = 'clicks'}: one row a message, each with its verdict.
 *
 * <pre>source -> decode -> late gate -> key: shopper -> deduplicate</pre>
 *
 * <p>Only the columns that a query reads are decoded and sent to the shopper's subtask.
 */
public final class ClicksTableFactory implements DynamicTableSourceFactory {

  private static final ConfigOption<String> SERVICE_URL =
      ConfigOptions.key("service-url").stringType().noDefaultValue();
  static final ConfigOption<String> ADMIN_URL =
      ConfigOptions.key("admin-url").stringType().noDefaultValue();
  private static final ConfigOption<List<String>> TOPICS =
      ConfigOptions.key("topics").stringType().asList().noDefaultValue();
  static final ConfigOption<String> SUBSCRIPTION =
      ConfigOptions.key("subscription").stringType().noDefaultValue();
  private static final ConfigOption<String> SCHEMA =
      ConfigOptions.key("schema").stringType().defaultValue("click_event")
          .withDescription("A record's name in this jar, or the whole .avsc that the job's columns come from.");
  private static final ConfigOption<Duration> DUPLICATE_HORIZON =
      ConfigOptions.key("duplicate-horizon").durationType().defaultValue(Duration.ofHours(1))
          .withDescription("A repeated event id within it is marked; zero switches deduplication off.");
  static final ConfigOption<Duration> OUT_OF_ORDERNESS =
      ConfigOptions.key("out-of-orderness").durationType().defaultValue(Duration.ofSeconds(5));
  static final ConfigOption<Duration> QUIET_AFTER =
      ConfigOptions.key("quiet-after").durationType().defaultValue(Duration.ofSeconds(5));
  static final ConfigOption<Duration> QUIET_JUMP =
      ConfigOptions.key("quiet-jump").durationType().defaultValue(Duration.ZERO)
          .withDescription("How far a quiet partition's watermark jumps: past the largest window.");
  private static final ConfigOption<Duration> LATENESS =
      ConfigOptions.key("lateness").durationType().noDefaultValue()
          .withDescription("Older than the watermark by more than this is late; without it nothing is.");
  static final ConfigOption<Duration> FETCH_WAIT =
      ConfigOptions.key("fetch-wait").durationType().defaultValue(Duration.ofMillis(50))
          .withDescription(
              "How long an event may wait for company; a fetcher a partition wakes up this often when idle.");
  private static final ConfigOption<Integer> NICENESS =
      ConfigOptions.key("niceness").intType().defaultValue(0)
          .withDescription("Of the job's threads, from 0 to 19: one without a deadline gives way to one that has one.");
  static final ConfigOption<String> MISSING_POSITION =
      ConfigOptions.key("missing-position").stringType().defaultValue("fail")
          .withDescription("What to do where the broker no longer has a checkpoint's position: 'fail' or 'earliest'.");
  private static final ConfigOption<Double> MOST_DEAD_SHARE =
      ConfigOptions.key("most-dead-share").doubleType().noDefaultValue()
          .withDescription("More of a minute's messages dead than this stops the job; without it nothing does.");
  private static final ConfigOption<Integer> DEAD_SHARE_LEAST =
      ConfigOptions.key("dead-share-least").intType().defaultValue(200)
          .withDescription("A minute of which a subtask read fewer messages is not judged.");
  private static final ConfigOption<String> SOURCE =
      ConfigOptions.key("source").stringType().defaultValue("batch-safe")
          .withDescription("'stock' loses the rest of a half-read batch on restore: the drills' control.");

  @Override
  public String factoryIdentifier() {
    return "clicks";
  }

  @Override
  public Set<ConfigOption<?>> requiredOptions() {
    return Set.of(SERVICE_URL, ADMIN_URL, TOPICS, SUBSCRIPTION);
  }

  @Override
  public Set<ConfigOption<?>> optionalOptions() {
    return Set.of(
        SCHEMA, DUPLICATE_HORIZON, OUT_OF_ORDERNESS, QUIET_AFTER, QUIET_JUMP, LATENESS, FETCH_WAIT, NICENESS,
        MISSING_POSITION, MOST_DEAD_SHARE, DEAD_SHARE_LEAST, SOURCE);
  }

  @Override
  public DynamicTableSource createDynamicTableSource(Context context) {
    FactoryUtil.TableFactoryHelper helper = FactoryUtil.createTableFactoryHelper(this, context);
    helper.validate();
    RowType row = (RowType) context.getPhysicalRowDataType().getLogicalType();
    Columns.of(row);
    return new Clicks(row, helper.getOptions());
  }

  /** The table as a stream. */
  private static final class Clicks implements ScanTableSource, SupportsSourceWatermark, SupportsProjectionPushDown {

    private final ReadableConfig options;
    /** What the planner asked for. */
    private RowType produced;
    /** The same, and after it what the connector itself reads. */
    private RowType row;
    private Columns columns;

    Clicks(RowType produced, ReadableConfig options) {
      this.options = options;
      produce(produced);
    }

    private void produce(RowType produced) {
      this.produced = produced;
      this.row = Columns.completed(produced);
      this.columns = Columns.of(row);
    }

    @Override
    public boolean supportsNestedProjection() {
      return false;
    }

    @Override
    public void applyProjection(int[][] fields, DataType produced) {
      produce((RowType) produced.getLogicalType());
    }

    @Override
    public ChangelogMode getChangelogMode() {
      return ChangelogMode.insertOnly();
    }

    @Override
    public ScanRuntimeProvider getScanRuntimeProvider(ScanContext context) {
      return TopicSource.unbounded(this::stream);
    }

    private DataStream<RowData> stream(StreamExecutionEnvironment env) {
      SingleOutputStreamOperator<RowData> clicks =
          env.fromSource(source(), watermarks(), "clicks-source").uid("clicks-source");
      if (options.getOptional(LATENESS).isPresent()) {
        clicks =
            clicks
                .process(new LateGate(columns, options.get(LATENESS)), InternalTypeInfo.of(row))
                .uid("clicks-gate")
                .name("clicks-gate");
      }
      Duration horizon = options.get(DUPLICATE_HORIZON);
      clicks =
          clicks
              .keyBy(
                  new Deduplicate.ByShopper(columns.shopperId(), columns.messageId()),
                  InternalTypeInfo.of(row.getTypeAt(columns.shopperId())))
              .process(new Deduplicate(columns, horizon, options.get(NICENESS)), InternalTypeInfo.of(row))
              .uid("clicks-deduplicate")
              .name("clicks-deduplicate");
      if (produced.getFieldCount() < row.getFieldCount()) {
        // Behind them is what only the connector reads.
        clicks =
            clicks
                .map(new FirstColumns(produced.getFieldCount()), InternalTypeInfo.of(produced))
                .name("clicks-project");
      }
      return clicks;
    }

    private Source<RowData, ?, ?> source() {
      SchemaRegistry registry = new SchemaRegistry(options.get(ADMIN_URL));
      ClickDecoder decoder =
          new ClickDecoder(
              row,
              options.get(SCHEMA),
              registry,
              options.getOptional(LATENESS).isPresent(),
              options.get(NICENESS),
              deadShare());
      return new TopicSource(
              options.get(SERVICE_URL), options.get(TOPICS), options.get(SUBSCRIPTION), options.get(FETCH_WAIT))
          .of(decoder, options.get(SOURCE), options.get(ADMIN_URL), options.get(MISSING_POSITION));
    }

    private DeadShare deadShare() {
      return options
          .getOptional(MOST_DEAD_SHARE)
          .map(most -> new DeadShare(most, options.get(DEAD_SHARE_LEAST)))
          .orElse(null);
    }

    private WatermarkStrategy<RowData> watermarks() {
      return TopicSource.watermarks(
          columns.occurredAt(), options.get(OUT_OF_ORDERNESS), options.get(QUIET_AFTER), options.get(QUIET_JUMP));
    }

    @Override
    public void applySourceWatermark() {
      // The stream carries them already.
    }

    @Override
    public DynamicTableSource copy() {
      return new Clicks(produced, options);
    }

    @Override
    public String asSummaryString() {
      return "clicks of " + String.join(", ", options.get(TOPICS));
    }
  }
}
