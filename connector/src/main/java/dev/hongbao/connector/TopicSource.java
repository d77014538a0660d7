package dev.hongbao.connector;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.connector.pulsar.common.config.PulsarOptions;
import org.apache.flink.connector.pulsar.source.PulsarSource;
import org.apache.flink.connector.pulsar.source.PulsarSourceOptions;
import org.apache.flink.connector.pulsar.source.config.CursorVerification;
import org.apache.flink.connector.pulsar.source.enumerator.cursor.StartCursor;
import org.apache.flink.connector.pulsar.source.reader.deserializer.PulsarDeserializationSchema;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.connector.ProviderContext;
import org.apache.flink.table.connector.source.DataStreamScanProvider;
import org.apache.flink.table.data.RowData;

/** The stream of topics' messages, set up as every table here reads Pulsar; {@code fetchWait} is for company. */
record TopicSource(String serviceUrl, List<String> topics, String subscription, Duration fetchWait) {

  /** {@code kind} is 'batch-safe' or 'stock', {@code missingPosition} 'fail' or 'earliest'. */
  Source<RowData, ?, ?> of(
      PulsarDeserializationSchema<RowData> decoder, String kind, String adminUrl, String missingPosition) {
    PulsarSource<RowData> source =
        PulsarSource.builder()
            .setServiceUrl(serviceUrl)
            .setTopics(topics)
            .setSubscriptionName(subscription)
            .setStartCursor(StartCursor.earliest())
            .setDeserializationSchema(decoder)
            // Default is 10 s: a slow partition's events would wait that long for company.
            .setConfig(PulsarSourceOptions.PULSAR_MAX_FETCH_TIME, Math.max(20, fetchWait.toMillis()))
            .setConfig(PulsarSourceOptions.PULSAR_MAX_FETCH_RECORDS, 1000)
            .setConfig(PulsarSourceOptions.PULSAR_FETCH_ONE_MESSAGE_TIME, (int) fetchWait.toMillis())
            .setConfig(PulsarSourceOptions.PULSAR_PARTITION_DISCOVERY_INTERVAL_MS, 30_000L)
            .setConfig(
                PulsarOptions.PULSAR_MAX_BACKOFF_INTERVAL_NANOS,
                TimeUnit.MILLISECONDS.toNanos(SharedClient.MOST_BACKOFF_MS))
            // Default is a warning in a log, and to read from where the subscription stands.
            .setConfig(PulsarSourceOptions.PULSAR_VERIFY_INITIAL_OFFSETS, CursorVerification.FAIL_ON_MISMATCH)
            .build();
    if (kind.equals("stock")) {
      return source;
    }
    return new BatchSafeSource<>(source, new Positions(adminUrl, missingPosition.equals("earliest")));
  }

  /** Gives a table's rows as the stream that the function makes of them, which has no end. */
  static DataStreamScanProvider unbounded(Function<StreamExecutionEnvironment, DataStream<RowData>> rows) {
    return new DataStreamScanProvider() {
      @Override
      public DataStream<RowData> produceDataStream(ProviderContext provider, StreamExecutionEnvironment env) {
        return rows.apply(env);
      }

      @Override
      public boolean isBounded() {
        return false;
      }
    };
  }

  /** Follows the event time of each partition in the column {@code time}; a row without one does not count. */
  static WatermarkStrategy<RowData> watermarks(
      int time, Duration outOfOrderness, Duration quietAfter, Duration quietJump) {
    return WatermarkStrategy.<RowData>forGenerator(
            new QuietWatermarks.OfPartitions<>(
                outOfOrderness.toMillis(), quietAfter.toMillis(), quietJump.toMillis()))
        .withTimestampAssigner(
            (row, published) ->
                row.isNullAt(time) ? QuietWatermarks.NO_TIME : row.getTimestamp(time, 3).getMillisecond());
  }
}
