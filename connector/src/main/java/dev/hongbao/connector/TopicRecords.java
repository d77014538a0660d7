package dev.hongbao.connector;

import java.io.IOException;
import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.Schema;
import org.apache.flink.table.data.GenericRowData;
import org.apache.pulsar.client.api.Message;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads a topic's messages as rows of a contract of ours, each by the version that it was written with. */
final class TopicRecords implements Serializable {

  private static final long serialVersionUID = 1L;

  private static final Map<String, Contract> LOADED = new ConcurrentHashMap<>();

  private static final Logger LOG = LoggerFactory.getLogger(TopicRecords.class);
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

  /** A message that is no record of the contract, with a sentence. */
  static final class Unreadable extends IOException {

    private static final long serialVersionUID = 1L;

    private Unreadable(String sentence, Throwable cause) {
      super(sentence, cause);
    }
  }

  /**
   * Gives the record.
   *
   * @throws Unreadable where it is none of the contract's
   * @throws IOException when the registry does not answer
   */
  GenericRowData read(Message<byte[]> message) throws IOException {
    if (contract == null) {
      contract = LOADED.computeIfAbsent(contractName, Contract::load);
      readers = new HashMap<>();
    }
    Long version = Origin.version(message);
    if (version == null) {
      throw new Unreadable(place(message) + ": the message names no schema version", null);
    }
    AvroRows.Reader reader = readers.get(version);
    if (reader == null) {
      Schema writer =
          registry
              .find(topic, version)
              .orElseThrow(() -> new Unreadable(place(message) + ": schema version " + version + " is unknown", null));
      reader = new AvroRows.Reader(writer, contract.schema());
      readers.put(version, reader);
    }
    try {
      return reader.read(message.getData());
    } catch (IOException | RuntimeException e) {
      throw new Unreadable(place(message) + ": not a " + contractName + " in Avro: " + e, e);
    }
  }

  /**
   * Gives a record that a job of ours sent, or null, and a line in the log, for what is none: no job sent that, and one
   * that stopped for it would never run again.
   *
   * @throws IOException when the registry does not answer
   */
  GenericRowData readOwn(Message<byte[]> message) throws IOException {
    try {
      return read(message);
    } catch (Unreadable e) {
      LOG.error("{}; passed over while reading back", e.getMessage());
      return null;
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
