package dev.hongbao.connector;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.connector.source.ScanTableSource;
import org.apache.flink.table.connector.source.abilities.SupportsProjectionPushDown;
import org.apache.flink.table.connector.source.abilities.SupportsSourceWatermark;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.LogicalTypeRoot;
import org.apache.flink.table.types.logical.RowType;

/**
 * Any topic of one contract as a table: one row a message, at least once.
 *
 * <p>Columns are the contract's fields, what {@link Origin} knows of a message, and {@code reason}; only those that a
 * query reads go on from the source.
 */
final class AvroTopicSource implements ScanTableSource, SupportsSourceWatermark, SupportsProjectionPushDown {

  static final ConfigOption<String> EVENT_TIME =
      ConfigOptions.key("event-time").stringType().noDefaultValue()
          .withDescription("The column that SOURCE_WATERMARK() follows.");

  private static final Map<Schema.Type, LogicalTypeRoot> ROOTS =
      Map.of(
          Schema.Type.STRING, LogicalTypeRoot.VARCHAR,
          Schema.Type.INT, LogicalTypeRoot.INTEGER,
          Schema.Type.LONG, LogicalTypeRoot.BIGINT,
          Schema.Type.DOUBLE, LogicalTypeRoot.DOUBLE,
          Schema.Type.BOOLEAN, LogicalTypeRoot.BOOLEAN,
          Schema.Type.BYTES, LogicalTypeRoot.VARBINARY,
          Schema.Type.MAP, LogicalTypeRoot.MAP);
  private static final Map<String, LogicalTypeRoot> OTHERS =
      Map.of(
          RecordDecoder.REASON, LogicalTypeRoot.VARCHAR,
          "message_key", LogicalTypeRoot.VARCHAR,
          "topic", LogicalTypeRoot.VARCHAR,
          "message_id", LogicalTypeRoot.VARCHAR,
          "schema_version", LogicalTypeRoot.BIGINT,
          "published_at", LogicalTypeRoot.TIMESTAMP_WITH_LOCAL_TIME_ZONE,
          "appended_at", LogicalTypeRoot.TIMESTAMP_WITH_LOCAL_TIME_ZONE,
          "read_at", LogicalTypeRoot.TIMESTAMP_WITH_LOCAL_TIME_ZONE);

  private final RowType declared;
  private final ReadableConfig options;
  /** What the planner asked for. */
  private RowType produced;

  /** {@code declared} are the table's columns; raises ValidationException for one that is not there to be read. */
  AvroTopicSource(RowType declared, ReadableConfig options) {
    this.declared = declared;
    this.options = options;
    this.produced = declared;
    Schema schema = Contract.load(options.get(AvroTopicTableFactory.SCHEMA)).schema();
    declared.getFields().forEach(column -> check(column, schema));
    options.getOptional(EVENT_TIME).ifPresent(this::time);
  }

  private void check(RowType.RowField column, Schema schema) {
    Schema.Field field = schema.getField(column.getName());
    LogicalTypeRoot wanted = field == null ? OTHERS.get(column.getName()) : root(field.schema());
    LogicalTypeRoot found = column.getType().getTypeRoot();
    if (wanted == null) {
      throw new ValidationException(
          asSummaryString() + ": no column " + column.getName() + "; " + schema.getName() + " has "
              + schema.getFields().stream().map(Schema.Field::name).toList() + ", a message "
              + List.copyOf(new TreeSet<>(OTHERS.keySet())));
    }
    if (found != wanted) {
      throw new ValidationException(
          asSummaryString() + ": column " + column.getName() + " is " + found + ", must be " + wanted);
    }
  }

  private static LogicalTypeRoot root(Schema type) {
    if (type.getType() == Schema.Type.UNION) {
      return root(type.getTypes().stream().filter(branch -> branch.getType() != Schema.Type.NULL).findFirst().get());
    }
    return type.getLogicalType() instanceof LogicalTypes.TimestampMillis
        ? LogicalTypeRoot.TIMESTAMP_WITH_LOCAL_TIME_ZONE
        : ROOTS.get(type.getType());
  }

  private RowType.RowField time(String name) {
    int position = declared.getFieldIndex(name);
    if (position < 0
        || declared.getTypeAt(position).getTypeRoot() != LogicalTypeRoot.TIMESTAMP_WITH_LOCAL_TIME_ZONE) {
      throw new ValidationException(
          asSummaryString() + ": event-time is " + name + ", must be a TIMESTAMP_LTZ(3) among "
              + declared.getFieldNames());
    }
    return declared.getFields().get(position);
  }

  @Override
  public boolean supportsNestedProjection() {
    return false;
  }

  @Override
  public void applyProjection(int[][] fields, DataType produced) {
    this.produced = (RowType) produced.getLogicalType();
  }

  @Override
  public ChangelogMode getChangelogMode() {
    return ChangelogMode.insertOnly();
  }

  @Override
  public void applySourceWatermark() {
    if (options.getOptional(EVENT_TIME).isEmpty()) {
      throw new ValidationException(asSummaryString() + ": SOURCE_WATERMARK() needs the option event-time");
    }
  }

  @Override
  public ScanRuntimeProvider getScanRuntimeProvider(ScanContext context) {
    return TopicSource.unbounded(this::stream);
  }

  private DataStream<RowData> stream(StreamExecutionEnvironment env) {
    String topic = options.get(AvroTopicTableFactory.TOPIC);
    String name = topic.substring(topic.lastIndexOf('/') + 1) + "-source";
    RowType row = timed();
    RecordDecoder decoder =
        new RecordDecoder(
            row,
            options.get(AvroTopicTableFactory.SCHEMA),
            new SchemaRegistry(options.get(ClicksTableFactory.ADMIN_URL)),
            declared.getFieldIndex(RecordDecoder.REASON) >= 0);
    TopicSource source =
        new TopicSource(
            options.get(AvroTopicTableFactory.SERVICE_URL),
            List.of(topic),
            options.get(ClicksTableFactory.SUBSCRIPTION),
            options.get(ClicksTableFactory.FETCH_WAIT));
    SingleOutputStreamOperator<RowData> rows =
        env.fromSource(
                source.of(
                    decoder,
                    "batch-safe",
                    options.get(ClicksTableFactory.ADMIN_URL),
                    options.get(ClicksTableFactory.MISSING_POSITION)),
                watermarks(row),
                name)
            .uid(name);
    if (produced.getFieldCount() < row.getFieldCount()) {
      rows =
          rows.map(new FirstColumns(produced.getFieldCount()), InternalTypeInfo.of(produced)).name(name + "-project");
    }
    return rows;
  }

  /** What the planner asked for, and after it the event time where it is not among it. */
  private RowType timed() {
    RowType.RowField time = options.getOptional(EVENT_TIME).map(this::time).orElse(null);
    if (time == null || produced.getFieldIndex(time.getName()) >= 0) {
      return produced;
    }
    List<RowType.RowField> fields = new ArrayList<>(produced.getFields());
    fields.add(time);
    return new RowType(produced.isNullable(), fields);
  }

  private WatermarkStrategy<RowData> watermarks(RowType row) {
    return options
        .getOptional(EVENT_TIME)
        .map(
            time ->
                TopicSource.watermarks(
                    row.getFieldIndex(time),
                    options.get(ClicksTableFactory.OUT_OF_ORDERNESS),
                    options.get(ClicksTableFactory.QUIET_AFTER),
                    options.get(ClicksTableFactory.QUIET_JUMP)))
        .orElseGet(WatermarkStrategy::noWatermarks);
  }

  @Override
  public DynamicTableSource copy() {
    AvroTopicSource copy = new AvroTopicSource(declared, options);
    copy.produced = produced;
    return copy;
  }

  @Override
  public String asSummaryString() {
    return "avro-topic " + options.get(AvroTopicTableFactory.TOPIC);
  }
}
