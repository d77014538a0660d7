package dev.hongbao.connector;

import java.io.IOException;
import java.util.Arrays;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.pulsar.source.reader.deserializer.PulsarDeserializationSchema;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.util.Collector;
import org.apache.pulsar.client.api.Message;

/**
 * Makes one row of each message of any contract: the record's fields by name, and where it comes from.
 *
 * <p>A message that is no such record, or breaks a rule of its contract, is a row of nulls with a {@code reason} where
 * somebody looks at reasons, and otherwise stops the job: nothing is passed over in silence.
 */
final class RecordDecoder implements PulsarDeserializationSchema<RowData> {

  private static final long serialVersionUID = 1L;
  static final String REASON = "reason";

  private final RowType row;
  private final String contractName;
  private final SchemaRegistry registry;
  private final boolean tellsReasons;

  private transient Contract contract;
  private transient Records records;
  private transient Origin origin;
  private transient String[] names;
  private transient int[] fromRecord;

  /** The contract is a record's name in this jar or a whole .avsc. */
  RecordDecoder(RowType row, String contractName, SchemaRegistry registry, boolean tellsReasons) {
    this.row = row;
    this.contractName = contractName;
    this.registry = registry;
    this.tellsReasons = tellsReasons;
  }

  @Override
  public TypeInformation<RowData> getProducedType() {
    return InternalTypeInfo.of(row);
  }

  @Override
  public void deserialize(Message<byte[]> message, Collector<RowData> out) throws Exception {
    out.collect(decode(message));
  }

  /**
   * Gives the message's row.
   *
   * @throws StoppedException for a message that is no such record, where nobody looks at reasons
   */
  RowData decode(Message<byte[]> message) throws IOException {
    if (contract == null) {
      open();
    }
    GenericRowData record = null;
    String reason = null;
    try {
      record = records.read(message, message.getData());
      Contract.Violation violation = contract.violation(record, Origin.appendedMs(message));
      reason = violation == null ? null : violation.reason();
    } catch (Records.Unreadable e) {
      reason = e.getMessage();
    }
    if (reason != null && !tellsReasons) {
      throw new StoppedException(
          message.getTopicName() + ": message " + Origin.id(message) + ": " + reason
              + "; give the table a column " + REASON + " to get such messages as rows");
    }
    GenericRowData out = new GenericRowData(names.length);
    for (int i = 0; i < names.length; i++) {
      out.setField(i, value(i, message, record, reason));
    }
    return out;
  }

  private Object value(int column, Message<byte[]> message, GenericRowData record, String reason) {
    if (fromRecord[column] >= 0) {
      return reason == null ? record.getField(fromRecord[column]) : null;
    }
    return names[column].equals(REASON) ? StringData.fromString(reason) : origin.of(names[column], message);
  }

  private void open() {
    contract = Contract.load(contractName);
    records = new Records(contract.schema(), registry);
    origin = new Origin();
    names = row.getFieldNames().toArray(String[]::new);
    fromRecord = Arrays.stream(names).mapToInt(contract::position).toArray();
  }
}
