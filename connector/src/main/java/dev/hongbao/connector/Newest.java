package dev.hongbao.connector;

import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.data.RowData;
import org.apache.flink.types.RowKind;

/** Keeps of a changelog what is true now: a correction is appended as a newer row, what it replaces is dropped. */
final class Newest {

  static final ChangelogMode MODE = ChangelogMode.all();

  private Newest() {}

  static DataStream<RowData> of(DataStream<RowData> rows, String name) {
    return rows
        .filter(row -> row.getRowKind() == RowKind.INSERT || row.getRowKind() == RowKind.UPDATE_AFTER)
        // As its input: what one subtask issues, one sends.
        .setParallelism(rows.getParallelism())
        .uid(name + "-newest")
        .name(name + "-newest");
  }
}
