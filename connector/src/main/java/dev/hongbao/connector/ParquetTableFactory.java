package dev.hongbao.connector;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.connector.file.sink.FileSink;
import org.apache.flink.core.fs.Path;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.streaming.api.functions.sink.filesystem.BucketAssigner;
import org.apache.flink.streaming.api.functions.sink.filesystem.OutputFileConfig;
import org.apache.flink.streaming.api.functions.sink.filesystem.bucketassigners.SimpleVersionedStringSerializer;
import org.apache.flink.streaming.api.functions.sink.filesystem.rollingpolicies.OnCheckpointRollingPolicy;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DynamicTableSinkFactory;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.types.logical.RowType;

/**
 * Makes the sink table {@code 'connector' = 'parquet-files'}: zstd files in
 * {@code event_date=…/event_hour=…}, each visible, complete, when the checkpoint that closed it is.
 */
public final class ParquetTableFactory implements DynamicTableSinkFactory {

  private static final ConfigOption<String> PATH = ConfigOptions.key("path").stringType().noDefaultValue();
  private static final ConfigOption<String> TIME =
      ConfigOptions.key("time").stringType().noDefaultValue()
          .withDescription("The column whose UTC date and hour name the folder.");

  @Override
  public String factoryIdentifier() {
    return "parquet-files";
  }

  @Override
  public Set<ConfigOption<?>> requiredOptions() {
    return Set.of(PATH, TIME);
  }

  @Override
  public Set<ConfigOption<?>> optionalOptions() {
    return Set.of();
  }

  @Override
  public DynamicTableSink createDynamicTableSink(Context context) {
    FactoryUtil.TableFactoryHelper helper = FactoryUtil.createTableFactoryHelper(this, context);
    helper.validate();
    RowType row = (RowType) context.getPhysicalRowDataType().getLogicalType();
    Path path = new Path(helper.getOptions().get(PATH));
    int time = row.getFieldIndex(helper.getOptions().get(TIME));
    if (time < 0) {
      throw new ValidationException(
          "parquet-files " + path + ": no column " + helper.getOptions().get(TIME) + " among " + row.getFieldNames());
    }
    FileSink<RowData> sink =
        FileSink.forBulkFormat(path, ParquetRows.factory(row))
            .withBucketAssigner(new ByHour(time))
            .withRollingPolicy(OnCheckpointRollingPolicy.build())
            .withOutputFileConfig(OutputFileConfig.builder().withPartSuffix(".parquet").build())
            .build();
    return new Newest("parquet-" + path.getName(), "parquet-files " + path, sink);
  }

  /** Names a row's folder. */
  static final class ByHour implements BucketAssigner<RowData, String> {

    private static final long serialVersionUID = 1L;
    private static final long HOUR_MS = 3_600_000;

    private final int time;
    private transient DateTimeFormatter format;
    private transient long hour;
    private transient String folder;

    ByHour(int time) {
      this.time = time;
    }

    @Override
    public String getBucketId(RowData row, Context context) {
      long at = Math.floorDiv(row.getTimestamp(time, 3).getMillisecond(), HOUR_MS);
      if (folder == null || at != hour) {
        if (format == null) {
          format = DateTimeFormatter.ofPattern("'event_date='yyyy-MM-dd'/event_hour='HH").withZone(ZoneOffset.UTC);
        }
        hour = at;
        folder = format.format(Instant.ofEpochMilli(at * HOUR_MS));
      }
      return folder;
    }

    @Override
    public SimpleVersionedSerializer<String> getSerializer() {
      return SimpleVersionedStringSerializer.INSTANCE;
    }
  }
}
