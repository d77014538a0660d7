package dev.hongbao.connector;

import java.io.IOException;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.Schema;
import org.apache.flink.table.data.GenericRowData;
import org.apache.pulsar.client.api.Message;

/** Reads each message as a record of one contract, by its writer's registered schema. Not for several threads. */
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
  /** By the registry's own object: to compare two schemas takes longer than to read a record. */
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
    Optional<Schema> writer = registry.find(message.getTopicName(), version);
    if (writer.isEmpty()) {
      throw new Unreadable("schema version " + version + " is unknown to the registry");
    }
    try {
      return reader(writer.get()).read(payload);
    } catch (IOException | RuntimeException e) {
      // Avro throws a dozen kinds at garbage, UnsupportedOperationException for a long string among them.
      throw new Unreadable("not a " + schema.getName() + " in Avro: " + e);
    }
  }

  private AvroRows.Reader reader(Schema writer) throws IOException {
    AvroRows.Reader reader = readers.get(writer);
    if (reader == null) {
      reader = new AvroRows.Reader(writer, schema);
      readers.put(writer, reader);
    }
    return reader;
  }
}
