package dev.hongbao.connector;

import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.table.api.Table;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;

/**
 * Splits deliveries into events and the others, through one source, and copies nothing.
 *
 * <p>A WHERE over all columns costs a copy of every text in them: the planner's code makes new objects of what it passes
 * on.
 */
public final class Verdicts {

  private static final StringData OK = StringData.fromString(Columns.OK);

  private Verdicts() {}

  /**
   * Makes two views: {@code events} has the first {@code columns} columns of what is the first delivery of an event,
   * {@code others} has the rest with all columns.
   */
  public static void split(
      StreamTableEnvironment tables, Table deliveries, int columns, String events, String others) {
    RowType row = (RowType) deliveries.getResolvedSchema().toSourceRowDataType().getLogicalType();
    RowType first =
        RowType.of(
            row.getChildren().subList(0, columns).toArray(LogicalType[]::new),
            row.getFieldNames().subList(0, columns).toArray(String[]::new));
    int verdict = new Rows(deliveries).position("verdict");
    DataStream<RowData> stream = Rows.stream(tables, deliveries);
    tables.createTemporaryView(
        events,
        stream
            .filter(delivery -> delivery.getString(verdict).equals(OK))
            .name(events)
            .map(new FirstColumns(columns))
            .returns(InternalTypeInfo.of(first))
            .name(events + "-columns"));
    tables.createTemporaryView(
        others,
        stream
            .filter(delivery -> !delivery.getString(verdict).equals(OK))
            .returns(InternalTypeInfo.of(row))
            .name(others));
  }
}
