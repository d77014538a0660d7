package dev.hongbao.connector;

import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Optional;
import org.apache.pulsar.client.api.Message;
import org.apache.pulsar.client.impl.MessageIdImpl;

/** Messages as the decoder meets them. */
final class Messages {

  static final long PUBLISHED_MS = 1_798_000_000_000L;

  private Messages() {}

  static Message<byte[]> message(byte[] payload, String key, Long schemaVersion) {
    return message("persistent://hongbao/events/clicks-partition-3", payload, key, schemaVersion);
  }

  @SuppressWarnings("unchecked")
  static Message<byte[]> message(String topic, byte[] payload, String key, Long schemaVersion) {
    return (Message<byte[]>)
        Proxy.newProxyInstance(
            Messages.class.getClassLoader(),
            new Class<?>[] {Message.class},
            (self, method, arguments) ->
                switch (method.getName()) {
                  case "getData" -> payload;
                  case "getKey" -> key;
                  case "getSchemaVersion" ->
                      schemaVersion == null ? null : ByteBuffer.allocate(8).putLong(schemaVersion).array();
                  case "getPublishTime" -> PUBLISHED_MS;
                  case "getBrokerPublishTime" -> Optional.of(PUBLISHED_MS);
                  case "getTopicName" -> topic;
                  case "getMessageId" -> new MessageIdImpl(7, 11, 3);
                  case "getProperties" -> Map.of("traced", "yes");
                  default -> throw new UnsupportedOperationException(method.getName());
                });
  }
}
