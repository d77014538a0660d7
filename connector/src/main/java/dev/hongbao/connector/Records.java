package dev.hongbao.connector;

import java.io.IOException;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.Schema;
import org.apache.flink.table.data.GenericRowData;
import org.apache.pulsar.client.api.Message;

/** Reads each message as a record of one contract, by the schema that its writer registered. Not for several threads. */
final class Records {

  /** The message is no such record; its sentence says why. */
  static final class Unreadable extends Exception {

    private static final long serialVersionUID = 1L;

    Unreadable(String sentence) {
      // Garbage comes by the thousand, and nobody looks at where it was noticed.
      super(sentence, null, false, false);
    }
  }

  private final Schema schema;
  private final SchemaRegistry registry;
  /** By the schema itself: each topic counts its versions for itself. */
  private final Map<Schema, AvroRows.Reader> readers = new IdentityHashMap<>();

  Records(Schema schema, SchemaRegistry registry) {
    this.schema = schema;
    this.registry = registry;
  }

  /**
   * Gives the record, a field of it at each of the contract's positions; {@code payload} is the message's bytes, which
   * Pulsar may copy whenever it is asked for them.
   *
   * @throws IOException when the registry does not answer: an outage must not look like a bad message
   */
  GenericRowData read(Message<byte[]> message, byte[] payload) throws IOException, Unreadable {
    Long version = Origin.version(message);
    if (version == null) {
      throw new Unreadable("the message names no schema version; publish with the registered schema");
    }
    AvroRows.Reader reader = reader(message.getTopicName(), version);
    try {
      return reader.read(payload);
    } catch (IOException | RuntimeException e) {
      // Avro throws a dozen kinds at garbage, UnsupportedOperationException for a long string among them.
      throw new Unreadable("not a " + schema.getName() + " in Avro: " + e);
    }
  }

  private AvroRows.Reader reader(String topic, long version) throws IOException, Unreadable {
    Optional<Schema> writer = registry.find(topic, version);
    if (writer.isEmpty()) {
      throw new Unreadable("schema version " + version + " is unknown to the registry");
    }
    AvroRows.Reader reader = readers.get(writer.get());
    if (reader == null) {
      try {
        reader = new AvroRows.Reader(writer.get(), schema);
      } catch (IOException | RuntimeException e) {
        throw new Unreadable("not a " + schema.getName() + " in Avro: " + e);
      }
      readers.put(writer.get(), reader);
    }
    return reader;
  }
}
