package dev.hongbao.connector;

import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.pulsar.source.reader.deserializer.PulsarDeserializationSchema;
import org.apache.flink.table.data.GenericMapData;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.util.Collector;
import org.apache.pulsar.client.api.Message;

/**
 * Makes exactly one row of each message: the event by its writer's schema, or a dead letter that says why.
 *
 * <p>An unreachable registry is an error, not a dead letter: an outage must not drain the topic into
 * quarantine.
 */
final class ClickDecoder implements PulsarDeserializationSchema<RowData> {

  private static final long serialVersionUID = 1L;
  /** Of bytes: a dead letter must fit into a message of the broker's 5 MiB, whatever it was unpacked from. */
  static final int MOST_PAYLOAD = 4 * 1024 * 1024;
  private static final int MOST_REASON = 1_000;
  private static final StringData OK = StringData.fromString(Columns.OK);
  private static final StringData DEAD = StringData.fromString(Columns.DEAD);

  private final RowType row;
  private final String contractName;
  private final SchemaRegistry registry;
  private final boolean keepsPayload;
  private final int niceness;
  private final DeadShare deadShare;

  private transient Contract contract;
  private transient int[] fromEvent;
  /** RowType makes its list anew whenever it is asked: a fifth of the job. */
  private transient String[] names;
  private transient Origin origin;
  private transient Records records;
  private transient int payloadColumn;
  private transient int userId;
  private transient int anonymousId;

  /**
   * The contract is a record's name in this jar or a whole .avsc. With {@code keepsPayload} an event's row holds its
   * message's bytes as well, for whoever finds it late; the thread that decodes takes the {@code niceness}. Too large a
   * {@code deadShare} stops the job; null never does.
   */
  ClickDecoder(
      RowType row,
      String contractName,
      SchemaRegistry registry,
      boolean keepsPayload,
      int niceness,
      DeadShare deadShare) {
    this.row = row;
    this.contractName = contractName;
    this.registry = registry;
    this.keepsPayload = keepsPayload;
    this.niceness = niceness;
    this.deadShare = deadShare;
  }

  @Override
  public TypeInformation<RowData> getProducedType() {
    return InternalTypeInfo.of(row);
  }

  @Override
  public void deserialize(Message<byte[]> message, Collector<RowData> out) throws Exception {
    out.collect(decode(message));
  }

  RowData decode(Message<byte[]> message) throws IOException {
    if (contract == null) {
      open();
    }
    byte[] payload = message.getData();
    if (message.getKey() == null || message.getKey().isEmpty()) {
      return dead(message, payload, "key", "key is empty; it must be the shopper's user_id or anonymous_id");
    }
    GenericRowData event;
    try {
      event = records.read(message, payload);
    } catch (Records.Unreadable e) {
      return dead(message, payload, null, e.getMessage());
    }
    Contract.Violation violation = contract.violation(event, Origin.appendedMs(message));
    return violation == null
        ? alive(message, payload, event)
        : dead(message, payload, violation.field(), violation.reason());
  }

  private void open() {
    Niceness.take(niceness);
    contract = Contract.load(contractName);
    records = new Records(contract.schema(), registry);
    origin = new Origin();
    payloadColumn = row.getFieldIndex("payload");
    userId = contract.position("user_id");
    anonymousId = contract.position("anonymous_id");
    names = row.getFieldNames().toArray(String[]::new);
    fromEvent = Arrays.stream(names).mapToInt(contract::position).toArray();
  }

  private RowData alive(Message<byte[]> message, byte[] payload, GenericRowData event) {
    StringData shopper =
        event.isNullAt(userId) ? event.getString(anonymousId) : event.getString(userId);
    count(message, null);
    GenericRowData out = new GenericRowData(fromEvent.length);
    for (int i = 0; i < fromEvent.length; i++) {
      out.setField(
          i,
          fromEvent[i] >= 0
              ? event.getField(fromEvent[i])
              : known(names[i], message, OK, shopper));
    }
    if (keepsPayload && payloadColumn >= 0) {
      out.setField(payloadColumn, payload);
    }
    return out;
  }

  private RowData dead(Message<byte[]> message, byte[] payload, String field, String reason) {
    boolean fits = payload.length <= MOST_PAYLOAD;
    byte[] kept = fits ? payload : Arrays.copyOf(payload, MOST_PAYLOAD);
    String said =
        (reason.length() <= MOST_REASON ? reason : reason.substring(0, MOST_REASON) + " …")
            + (fits ? "" : "; kept are the first " + MOST_PAYLOAD + " of " + payload.length + " bytes");
    count(message, said);
    GenericRowData out = new GenericRowData(fromEvent.length);
    for (int i = 0; i < fromEvent.length; i++) {
      if (fromEvent[i] >= 0) {
        continue;
      }
      String name = names[i];
      out.setField(
          i,
          switch (name) {
            case "reason" -> StringData.fromString(said);
            case "field" -> field == null ? null : StringData.fromString(field);
            case "payload" -> kept;
            case "message_properties" -> properties(message);
            default -> known(name, message, DEAD, null);
          });
    }
    return out;
  }

  private void count(Message<byte[]> message, String reason) {
    if (deadShare != null) {
      deadShare.count(Origin.appendedMs(message), reason);
    }
  }

  private Object known(String name, Message<byte[]> message, StringData verdict, StringData shopper) {
    return switch (name) {
      case "verdict" -> verdict;
      case "shopper_id" -> shopper;
      default -> origin.of(name, message);
    };
  }

  private static GenericMapData properties(Message<byte[]> message) {
    Map<StringData, StringData> map = new HashMap<>();
    message.getProperties().forEach((k, v) -> map.put(StringData.fromString(k), StringData.fromString(v)));
    return new GenericMapData(map);
  }
}
