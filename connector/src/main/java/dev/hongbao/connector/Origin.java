package dev.hongbao.connector;

import java.nio.ByteBuffer;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.pulsar.client.api.Message;
import org.apache.pulsar.client.api.MessageIdAdv;

/** Says where a message comes from, column by column. Not for several threads. */
final class Origin {

  private String topicName;
  private StringData topic;

  /** Gives the column's value, or null for one that says nothing of the message. */
  Object of(String column, Message<byte[]> message) {
    return switch (column) {
      case "message_key" -> message.getKey() == null ? null : StringData.fromString(message.getKey());
      case "topic" -> topic(message.getTopicName());
      case "message_id" -> StringData.fromString(id(message));
      case "schema_version" -> version(message);
      case "published_at" -> TimestampData.fromEpochMillis(message.getPublishTime());
      case "appended_at" -> TimestampData.fromEpochMillis(appendedMs(message));
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

  /** Gives when the broker took the message, or when it was published where the broker does not say. */
  static long appendedMs(Message<byte[]> message) {
    return message.getBrokerPublishTime().orElse(message.getPublishTime());
  }

  /** Gives the version of the writer's schema, or null where the message names none. */
  static Long version(Message<byte[]> message) {
    byte[] version = message.getSchemaVersion();
    return version == null || version.length != Long.BYTES ? null : ByteBuffer.wrap(version).getLong();
  }

  /** Gives ledger, entry, partition and place in the batch, as one text. */
  static String id(Message<byte[]> message) {
    MessageIdAdv id = (MessageIdAdv) message.getMessageId();
    return id.getLedgerId() + ":" + id.getEntryId() + ":" + id.getPartitionIndex() + ":" + id.getBatchIndex();
  }
}
