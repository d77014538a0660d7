package dev.hongbao.connector;

import java.io.IOException;
import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.Schema;
import org.apache.flink.table.data.GenericRowData;
import org.apache.pulsar.client.api.Message;

/** Reads a topic's messages as rows of a contract of ours, each by the version that it was written with. */
final class TopicRecords implements Serializable {

  private static final long serialVersionUID = 1L;

  private static final Map<String, Contract> LOADED = new ConcurrentHashMap<>();

  private final String contractName;
  private final String topic;
  private final SchemaRegistry registry;
  private transient Contract contract;
  private transient Map<Long, AvroRows.Reader> readers;

  /** {@code topic} is named in full, without a partition. */
  TopicRecords(String adminUrl, String topic, String contractName) {
    this.contractName = contractName;
    this.topic = topic;
    this.registry = new SchemaRegistry(adminUrl);
  }

  /** Gives the record; throws where it is none of the contract's, with a sentence. */
  GenericRowData read(Message<byte[]> message) throws IOException {
    if (contract == null) {
      contract = LOADED.computeIfAbsent(contractName, Contract::load);
      readers = new HashMap<>();
    }
    Long version = Origin.version(message);
    if (version == null) {
      throw new IOException(place(message) + ": the message names no schema version");
    }
    AvroRows.Reader reader = readers.get(version);
    if (reader == null) {
      Schema writer =
          registry
              .find(topic, version)
              .orElseThrow(() -> new IOException(place(message) + ": schema version " + version + " is unknown"));
      reader = new AvroRows.Reader(writer, contract.schema());
      readers.put(version, reader);
    }
    try {
      return reader.read(message.getData());
    } catch (RuntimeException e) {
      throw new IOException(place(message) + ": not a " + contractName + " in Avro: " + e, e);
    }
  }

  /** Gives the field's place in what {@link #read} gives. */
  static int position(String contractName, String field) {
    int position = LOADED.computeIfAbsent(contractName, Contract::load).position(field);
    if (position < 0) {
      throw new IllegalArgumentException("no field " + field + " in " + contractName);
    }
    return position;
  }

  private static String place(Message<byte[]> message) {
    return message.getTopicName() + " " + message.getMessageId();
  }
}
