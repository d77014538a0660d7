package dev.hongbao.connector;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.table.data.RowData;
import org.apache.pulsar.client.api.MessageId;
import org.apache.pulsar.client.api.MessageRoutingMode;
import org.apache.pulsar.client.api.Producer;
import org.apache.pulsar.client.api.ProducerAccessMode;
import org.apache.pulsar.client.api.PulsarClientException;
import org.apache.pulsar.client.api.Schema;
import org.apache.pulsar.client.api.TypedMessageBuilder;

/**
 * Publishes each row as an Avro message with a key, under the registered schema, at least once.
 *
 * <p>A checkpoint completes when the broker has everything that came before it. A broker that is away holds the job
 * up and does not fail it: the client sends again until it is taken.
 */
final class AvroTopicSink implements Sink<RowData> {

  private static final long serialVersionUID = 1L;
  private static final int MOST_PENDING = 10_000;
  /** A batch waits this long for company. */
  private static final long BATCH_DELAY_MS = 1;

  private final String serviceUrl;
  private final String topic;
  private final Partitions partitions;
  private final String contractName;
  private final int[] fields;
  private final int[] keys;
  private final boolean exclusive;

  /**
   * {@code fields}: the column of each of the contract's fields; {@code keys}: the columns of the message key;
   * {@code exclusive}: turn an older publisher out of the {@code partitions}, and publish from one subtask.
   */
  AvroTopicSink(
      String serviceUrl, String topic, Partitions partitions, String contractName, int[] fields, int[] keys,
      boolean exclusive) {
    this.serviceUrl = serviceUrl;
    this.topic = topic;
    this.partitions = partitions;
    this.contractName = contractName;
    this.fields = fields;
    this.keys = keys;
    this.exclusive = exclusive;
  }

  @Override
  public SinkWriter<RowData> createWriter(WriterInitContext context) throws IOException {
    return new Writer();
  }

  @Override
  @Deprecated
  public SinkWriter<RowData> createWriter(InitContext context) throws IOException {
    return new Writer();
  }

  private final class Writer implements SinkWriter<RowData> {

    private final AvroRows.Writer rows;
    private final SharedClient shared;
    /** One of the whole topic, or one a partition. */
    private final List<Producer<byte[]>> producers = new ArrayList<>();
    private final AtomicReference<Throwable> failure = new AtomicReference<>();

    Writer() throws IOException {
      org.apache.avro.Schema avro = Contract.load(contractName).schema();
      rows = new AvroRows.Writer(avro, fields);
      shared = SharedClient.acquire(serviceUrl);
      try {
        List<String> names = partitions == Partitions.ALL ? List.of(topic) : partitions.of(shared.client(), topic);
        for (String name : names) {
          producers.add(producer(name, avro));
        }
      } catch (IOException e) {
        close();
        throw new IOException(serviceUrl + ": cannot publish to " + topic + ": " + e.getMessage(), e);
      }
    }

    private Producer<byte[]> producer(String name, org.apache.avro.Schema avro) throws PulsarClientException {
      return shared
          .client()
          // Bytes that are Avro already; the registry still checks the schema they claim. The client knows
          // only the Avro inside its own jar.
          .newProducer(
              Schema.NATIVE_AVRO(new org.apache.pulsar.shade.org.apache.avro.Schema.Parser().parse(avro.toString())))
          .topic(name)
          .accessMode(exclusive ? ProducerAccessMode.ExclusiveWithFencing : ProducerAccessMode.Shared)
          .messageRoutingMode(MessageRoutingMode.RoundRobinPartition)
          .batchingMaxPublishDelay(BATCH_DELAY_MS, TimeUnit.MILLISECONDS)
          .maxPendingMessages(MOST_PENDING)
          .blockIfQueueFull(true)
          .sendTimeout(0, TimeUnit.SECONDS)
          .create();
    }

    @Override
    public void write(RowData row, Context context) throws IOException {
      throwFailure();
      String key = key(row);
      // As the client routes by key, among the partitions that are the job's.
      Producer<byte[]> producer = producers.get(Math.floorMod(key.hashCode(), producers.size()));
      TypedMessageBuilder<byte[]> message = producer.newMessage().value(rows.write(row));
      CompletableFuture<MessageId> sent = (key.isEmpty() ? message : message.key(key)).sendAsync();
      sent.whenComplete(
          (id, error) -> {
            if (error != null) {
              failure.compareAndSet(null, error);
            }
          });
    }

    @Override
    public void flush(boolean endOfInput) throws IOException {
      for (Producer<byte[]> producer : producers) {
        producer.flush();
      }
      throwFailure();
    }

    @Override
    public void close() throws IOException {
      try {
        // Not close(): it would wait for a broker that is away, and what was not taken is sent again after the restart.
        producers.forEach(Producer::closeAsync);
      } finally {
        shared.release();
      }
    }

    private void throwFailure() throws IOException {
      Throwable error = failure.get();
      if (error != null) {
        throw new IOException(topic + ": the broker did not take a message: " + error.getMessage(), error);
      }
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
