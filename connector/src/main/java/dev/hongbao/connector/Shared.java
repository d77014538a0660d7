package dev.hongbao.connector;

import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.Schema;
import org.apache.flink.table.api.Table;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.data.RowData;

/**
 * Lets a job read one table from both SQL and a data stream with one source.
 *
 * <p>Every translation of a table opens a source of its own, and a second consumer on an exclusive
 * subscription is refused. The rows stay in the planner's own format: nothing is converted.
 */
public final class Shared {

  private Shared() {}

  /** Gives the same rows, rowtime and watermarks as a table that any number of queries may read. */
  public static Table of(StreamTableEnvironment tables, Table table, String rowtime) {
    DataStream<RowData> stream = Rows.stream(tables, table);
    Schema.Builder schema = Schema.newBuilder();
    for (Column column : table.getResolvedSchema().getColumns()) {
      schema.column(
          column.getName(),
          column.getName().equals(rowtime) ? DataTypes.TIMESTAMP_LTZ(3) : column.getDataType());
    }
    schema.watermark(rowtime, "SOURCE_WATERMARK()");
    return tables.fromDataStream(stream, schema.build());
  }
}
