package dev.hongbao.connector;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.flink.connector.pulsar.sink.writer.context.PulsarSinkContext;
import org.apache.flink.connector.pulsar.sink.writer.message.PulsarMessage;
import org.apache.flink.connector.pulsar.sink.writer.message.PulsarMessageBuilder;
import org.apache.flink.connector.pulsar.sink.writer.serializer.PulsarSerializationSchema;
import org.apache.flink.table.data.RowData;
import org.apache.pulsar.client.api.Schema;

/** Writes a row as an Avro message with a key, under the registered schema. */
final class AvroMessages implements PulsarSerializationSchema<RowData> {

  private static final long serialVersionUID = 1L;

  private final String contractName;
  private final int[] fields;
  private final int[] keys;
  private transient AvroRows.Writer writer;
  private transient Schema<byte[]> schema;

  AvroMessages(String contractName, int[] fields, int[] keys) {
    this.contractName = contractName;
    this.fields = fields;
    this.keys = keys;
  }

  @Override
  public PulsarMessage<?> serialize(RowData row, PulsarSinkContext context) {
    if (writer == null) {
      org.apache.avro.Schema avro = Contract.load(contractName).schema();
      writer = new AvroRows.Writer(avro, fields);
      // Bytes that are Avro already; the registry still checks the schema they claim. The client knows
      // only the Avro inside its own jar.
      schema =
          Schema.NATIVE_AVRO(new org.apache.pulsar.shade.org.apache.avro.Schema.Parser().parse(avro.toString()));
    }
    try {
      PulsarMessageBuilder<byte[]> message = PulsarMessage.builder(schema, writer.write(row));
      String key = key(row);
      return key.isEmpty() ? message.build() : message.key(key).build();
    } catch (IOException e) {
      throw new UncheckedIOException(contractName + ": a row does not fit its contract", e);
    }
  }

  private String key(RowData row) {
    StringBuilder key = new StringBuilder();
    for (int i = 0; i < keys.length; i++) {
      if (!row.isNullAt(keys[i])) {
        key.append(i == 0 ? "" : ":").append(row.getString(keys[i]));
      }
    }
    return key.toString();
  }
}
