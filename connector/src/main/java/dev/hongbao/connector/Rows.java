package dev.hongbao.connector;

import java.io.Serializable;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.table.api.Table;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.types.utils.DataTypeUtils;

/** Where a table's columns lie, by name, once its rows are a stream. */
final class Rows implements Serializable {

  private static final long serialVersionUID = 1L;
  private final Map<String, Integer> positions = new HashMap<>();

  Rows(Table table) {
    this(table.getResolvedSchema().getColumnNames());
  }

  Rows(List<String> columns) {
    columns.forEach(name -> positions.put(name, positions.size()));
  }

  /** Gives the table's rows in the planner's own format: nothing is converted. */
  static DataStream<RowData> stream(StreamTableEnvironment tables, Table table) {
    return tables.toDataStream(
        table, DataTypeUtils.toInternalDataType(table.getResolvedSchema().toSourceRowDataType()));
  }

  int position(String column) {
    Integer position = positions.get(column);
    if (position == null) {
      throw new IllegalArgumentException("no column " + column + " among " + positions.keySet());
    }
    return position;
  }

  static String text(RowData row, int position) {
    StringData text = row.isNullAt(position) ? null : row.getString(position);
    return text == null ? null : text.toString();
  }
}
