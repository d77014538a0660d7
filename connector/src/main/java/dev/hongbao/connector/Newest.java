package dev.hongbao.connector;

import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.DataStreamSink;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.ProviderContext;
import org.apache.flink.table.connector.sink.DataStreamSinkProvider;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.data.RowData;
import org.apache.flink.types.RowKind;

/**
 * Keeps of a changelog what is true now: a correction is appended to the {@code sink} as a newer row, what it replaces
 * is dropped. The {@code name} is its operators' and their state's.
 */
record Newest(String name, String summary, Sink<RowData> sink) implements DynamicTableSink {

  @Override
  public ChangelogMode getChangelogMode(ChangelogMode requested) {
    return ChangelogMode.all();
  }

  @Override
  public SinkRuntimeProvider getSinkRuntimeProvider(Context context) {
    return new DataStreamSinkProvider() {
      @Override
      public DataStreamSink<?> consumeDataStream(ProviderContext provider, DataStream<RowData> rows) {
        // As its input: what one subtask issues, one sends.
        int parallelism = rows.getParallelism();
        return rows
            .filter(row -> row.getRowKind() == RowKind.INSERT || row.getRowKind() == RowKind.UPDATE_AFTER)
            .setParallelism(parallelism)
            .uid(name + "-newest")
            .name(name + "-newest")
            .sinkTo(sink)
            .setParallelism(parallelism)
            .uid(name)
            .name(name);
      }
    };
  }

  @Override
  public DynamicTableSink copy() {
    return this;
  }

  @Override
  public String asSummaryString() {
    return summary;
  }
}
