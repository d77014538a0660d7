package dev.hongbao.connector;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.flink.table.data.GenericRowData;
import org.apache.pulsar.client.api.Message;
import org.apache.pulsar.client.api.MessageId;
import org.apache.pulsar.client.api.PulsarClientException;
import org.apache.pulsar.client.api.Reader;
import org.apache.pulsar.client.api.Schema;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The newest good version of everything on a topic of versions, kept up with it.
 *
 * <p>Opening reads the topic to its end, so that nothing is decided before the versions are known. The topic is the
 * state: it keeps every version, in one partition, so every reader takes them up in the same order, and a restart finds
 * what was applied meanwhile.
 */
final class Book<T> implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Book.class);

  private final String contract;
  private final TopicRecords records;
  private final Function<GenericRowData, T> parse;
  private final Function<T, String> key;
  private final Consumer<String> onRefused;
  private final SharedClient shared;
  private final Reader<byte[]> reader;
  private final int version;
  private final int status;
  private volatile Map<String, T> newest = Map.of();
  private volatile List<T> all = List.of();
  private volatile boolean closed;

  /**
   * @param topic with versions by {@code contract}
   * @param parse throws IllegalArgumentException, with a sentence, for a record that says nothing valid
   * @param key what a version replaces is of the same key
   * @param onRefused is told why a version is not taken up; the last good one goes on
   */
  Book(
      String serviceUrl, String adminUrl, String topic, String contract, Function<GenericRowData, T> parse,
      Function<T, String> key, Consumer<String> onRefused)
      throws IOException {
    this.contract = contract;
    this.records = new TopicRecords(adminUrl, topic, contract);
    this.parse = parse;
    this.key = key;
    this.onRefused = onRefused;
    this.version = TopicRecords.position(contract, "version");
    this.status = TopicRecords.position(contract, "status");
    this.shared = SharedClient.acquire(serviceUrl);
    try {
      reader =
          shared.client().newReader(Schema.BYTES).topic(topic + "-partition-0").startMessageId(MessageId.earliest).readCompacted(true)
              .create();
      while (reader.hasMessageAvailable()) {
        take(reader.readNext(10, TimeUnit.SECONDS));
      }
    } catch (PulsarClientException e) {
      shared.release();
      throw new IOException(serviceUrl + ": cannot read the versions on " + topic + ": " + e.getMessage(), e);
    }
    follow();
  }

  /** Gives everything's newest good version, in the order of the keys. */
  List<T> all() {
    return all;
  }

  /** Gives the newest good version of a key, or null. */
  T get(String name) {
    return newest.get(name);
  }

  private void follow() {
    CompletableFuture<Message<byte[]>> next = reader.readNextAsync();
    next.whenComplete(
        (message, error) -> {
          if (closed) {
            return;
          }
          if (error == null) {
            take(message);
            follow();
          } else {
            // The client connects again by itself; what ends here is the reader.
            onRefused.accept(
                "no further " + contract + " is taken up until this job starts again: " + error.getMessage());
          }
        });
  }

  private void take(Message<byte[]> message) {
    if (message == null) {
      return;
    }
    try {
      GenericRowData row = records.read(message);
      T found = parse.apply(row);
      Map<String, T> with = new TreeMap<>(newest);
      with.put(key.apply(found), found);
      newest = with;
      all = new ArrayList<>(with.values());
      LOG.info("{} {} version {} taken up, {}", contract, key.apply(found), row.getInt(version), row.getString(status));
    } catch (IOException | RuntimeException e) {
      onRefused.accept(e.getMessage() + "; the last good version goes on");
    }
  }

  @Override
  public void close() throws IOException {
    closed = true;
    reader.closeAsync();
    shared.release();
  }
}
