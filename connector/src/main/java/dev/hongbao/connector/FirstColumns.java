package dev.hongbao.connector;

import java.util.stream.IntStream;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.utils.ProjectedRowData;

/** Leaves the later columns out; the row behind is the same. */
final class FirstColumns implements MapFunction<RowData, RowData> {

  private static final long serialVersionUID = 1L;
  private final int[] columns;
  private transient ProjectedRowData first;

  FirstColumns(int columns) {
    this.columns = IntStream.range(0, columns).toArray();
  }

  @Override
  public RowData map(RowData row) {
    if (first == null) {
      first = ProjectedRowData.from(columns);
    }
    return first.replaceRow(row);
  }
}
