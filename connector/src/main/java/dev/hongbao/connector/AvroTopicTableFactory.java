package dev.hongbao.connector;

import static dev.hongbao.connector.ClicksTableFactory.ADMIN_URL;
import static dev.hongbao.connector.ClicksTableFactory.FETCH_WAIT;
import static dev.hongbao.connector.ClicksTableFactory.MISSING_POSITION;
import static dev.hongbao.connector.ClicksTableFactory.OUT_OF_ORDERNESS;
import static dev.hongbao.connector.ClicksTableFactory.QUIET_AFTER;
import static dev.hongbao.connector.ClicksTableFactory.QUIET_JUMP;
import static dev.hongbao.connector.ClicksTableFactory.SUBSCRIPTION;

import java.util.Set;
import org.apache.avro.Schema;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.factories.DynamicTableSinkFactory;
import org.apache.flink.table.factories.DynamicTableSourceFactory;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.types.logical.RowType;

/**
 * Makes the table {@code 'connector' = 'avro-topic'}: each row a message by its contract, at least once.
 *
 * <p>Written to it wants a {@code key}; read from, an {@code admin-url} and a {@code subscription}.
 */
public final class AvroTopicTableFactory implements DynamicTableSinkFactory, DynamicTableSourceFactory {

  static final ConfigOption<String> SERVICE_URL =
      ConfigOptions.key("service-url").stringType().noDefaultValue();
  static final ConfigOption<String> TOPIC = ConfigOptions.key("topic").stringType().noDefaultValue();
  static final ConfigOption<String> SCHEMA = ConfigOptions.key("schema").stringType().noDefaultValue();
  private static final ConfigOption<String> KEY =
      ConfigOptions.key("key").stringType().noDefaultValue()
          .withDescription("Columns of the message key, separated by commas; their values are joined by ':'.");

  private static final ConfigOption<Boolean> EXCLUSIVE =
      ConfigOptions.key("exclusive").booleanType().defaultValue(false)
          .withDescription("Nobody else may publish there; an older publisher is turned out.");

  private static final ConfigOption<Partitions> PARTITIONS =
      ConfigOptions.key("partitions").enumType(Partitions.class).defaultValue(Partitions.ALL)
          .withDescription("Which of the topic's partitions it publishes to; another job may have the others.");

  @Override
  public String factoryIdentifier() {
    return "avro-topic";
  }

  @Override
  public Set<ConfigOption<?>> requiredOptions() {
    return Set.of(SERVICE_URL, TOPIC, SCHEMA);
  }

  @Override
  public Set<ConfigOption<?>> optionalOptions() {
    return Set.of(
        KEY, EXCLUSIVE, PARTITIONS, ADMIN_URL, SUBSCRIPTION, FETCH_WAIT, MISSING_POSITION, AvroTopicSource.EVENT_TIME,
        OUT_OF_ORDERNESS, QUIET_AFTER, QUIET_JUMP);
  }

  @Override
  public DynamicTableSource createDynamicTableSource(Context context) {
    return new AvroTopicSource(row(context), options(context, "read", ADMIN_URL, SUBSCRIPTION));
  }

  @Override
  public DynamicTableSink createDynamicTableSink(Context context) {
    RowType row = row(context);
    ReadableConfig options = options(context, "write", KEY);
    Schema schema = Contract.load(options.get(SCHEMA)).schema();
    int[] fields = schema.getFields().stream().mapToInt(f -> position(row, f.name(), options)).toArray();
    String[] names = options.get(KEY).split(",");
    int[] keys = new int[names.length];
    for (int i = 0; i < names.length; i++) {
      keys[i] = position(row, names[i].trim(), options);
    }
    AvroTopicSink sink =
        new AvroTopicSink(
            options.get(SERVICE_URL), options.get(TOPIC), options.get(PARTITIONS), options.get(SCHEMA), fields, keys,
            options.get(EXCLUSIVE));
    return new Newest("topic-" + options.get(SCHEMA), "avro-topic " + options.get(TOPIC), sink);
  }

  private static RowType row(Context context) {
    return (RowType) context.getPhysicalRowDataType().getLogicalType();
  }

  private ReadableConfig options(Context context, String use, ConfigOption<?>... needed) {
    FactoryUtil.TableFactoryHelper helper = FactoryUtil.createTableFactoryHelper(this, context);
    helper.validate();
    for (ConfigOption<?> option : needed) {
      if (helper.getOptions().getOptional(option).isEmpty()) {
        throw new ValidationException(
            "avro-topic " + helper.getOptions().get(TOPIC) + ": to " + use + " it, set the option " + option.key());
      }
    }
    return helper.getOptions();
  }

  private static int position(RowType row, String column, ReadableConfig options) {
    int position = row.getFieldIndex(column);
    if (position < 0) {
      throw new ValidationException(
          "avro-topic " + options.get(TOPIC) + ": no column " + column + " among " + row.getFieldNames()
              + "; " + options.get(SCHEMA) + " has it");
    }
    return position;
  }
}
