package dev.hongbao.connector;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.Schema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.pulsar.source.reader.deserializer.PulsarDeserializationSchema;
import org.apache.flink.table.data.GenericMapData;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.util.Collector;
import org.apache.pulsar.client.api.Message;
import org.apache.pulsar.client.api.MessageIdAdv;

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
  private transient String topicName;
  private transient StringData topic;
  private transient Map<Schema, AvroRows.Reader> readers;
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
    Long version = version(message);
    if (version == null) {
      return dead(message, payload, null, "the message names no schema version; publish with the registered schema");
    }
    Optional<Schema> writer = registry.find(message.getTopicName(), version);
    if (writer.isEmpty()) {
      return dead(message, payload, null, "schema version " + version + " is unknown to the registry");
    }
    GenericRowData event;
    try {
      event = reader(writer.get()).read(payload);
    } catch (IOException | RuntimeException e) {
      // Avro throws a dozen kinds at garbage, UnsupportedOperationException for a long string among them.
      return dead(message, payload, null, "not a " + contract.schema().getName() + " in Avro: " + e);
    }
    Contract.Violation violation =
        contract.violation(event, message.getBrokerPublishTime().orElse(message.getPublishTime()));
    return violation == null
        ? alive(message, payload, event)
        : dead(message, payload, violation.field(), violation.reason());
  }

  private void open() {
    Niceness.take(niceness);
    contract = Contract.load(contractName);
    readers = new IdentityHashMap<>();
    payloadColumn = row.getFieldIndex("payload");
    userId = contract.position("user_id");
    anonymousId = contract.position("anonymous_id");
    names = row.getFieldNames().toArray(String[]::new);
    fromEvent = Arrays.stream(names).mapToInt(contract::position).toArray();
  }

  private AvroRows.Reader reader(Schema writer) throws IOException {
    AvroRows.Reader reader = readers.get(writer);
    if (reader == null) {
      reader = new AvroRows.Reader(writer, contract.schema());
      readers.put(writer, reader);
    }
    return reader;
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
              : origin(names[i], message, OK, shopper));
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
            default -> origin(name, message, DEAD, null);
          });
    }
    return out;
  }

  private void count(Message<byte[]> message, String reason) {
    if (deadShare != null) {
      deadShare.count(message.getBrokerPublishTime().orElse(message.getPublishTime()), reason);
    }
  }

  private Object origin(String name, Message<byte[]> message, StringData verdict, StringData shopper) {
    return switch (name) {
      case "verdict" -> verdict;
      case "shopper_id" -> shopper;
      case "message_key" -> message.getKey() == null ? null : StringData.fromString(message.getKey());
      case "topic" -> topic(message.getTopicName());
      case "message_id" -> StringData.fromString(id(message));
      case "schema_version" -> version(message);
      case "published_at" -> TimestampData.fromEpochMillis(message.getPublishTime());
      case "appended_at" ->
          TimestampData.fromEpochMillis(message.getBrokerPublishTime().orElse(message.getPublishTime()));
      case "read_at" -> TimestampData.fromEpochMillis(System.currentTimeMillis());
      default -> null;
    };
  }

  /** A batch's messages share their topic's name. */
  private StringData topic(String name) {
    if (!name.equals(topicName)) {
      topicName = name;
      topic = StringData.fromString(name);
    }
    return topic;
  }

  static Long version(Message<byte[]> message) {
    byte[] version = message.getSchemaVersion();
    return version == null || version.length != Long.BYTES ? null : ByteBuffer.wrap(version).getLong();
  }

  private static String id(Message<byte[]> message) {
    MessageIdAdv id = (MessageIdAdv) message.getMessageId();
    return id.getLedgerId() + ":" + id.getEntryId() + ":" + id.getPartitionIndex() + ":" + id.getBatchIndex();
  }

  private static GenericMapData properties(Message<byte[]> message) {
    Map<StringData, StringData> map = new HashMap<>();
    message.getProperties().forEach((k, v) -> map.put(StringData.fromString(k), StringData.fromString(v)));
    return new GenericMapData(map);
  }
}
