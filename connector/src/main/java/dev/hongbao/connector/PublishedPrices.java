package dev.hongbao.connector;

import java.io.IOException;
import java.io.Serializable;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.flink.table.data.GenericRowData;
import org.apache.pulsar.client.api.Message;
import org.apache.pulsar.client.api.MessageId;
import org.apache.pulsar.client.api.Reader;
import org.apache.pulsar.client.api.Schema;

/** Reads from the prices' own topic what the shops were told. */
class PublishedPrices implements Serializable {

  private static final long serialVersionUID = 1L;
  private static final int PATIENCE_S = 30;

  private final Map<String, String> broker;
  private final TopicRecords records;

  /** {@code broker} has service-url, admin-url and prices (a topic). */
  PublishedPrices(Map<String, String> broker) {
    this.broker = new HashMap<>(broker);
    this.records = new TopicRecords(broker.get("admin-url"), broker.get("prices"), PriceChange.CONTRACT);
  }

  /**
   * Gives each change once, as far back as the topic goes.
   *
   * @throws IOException when the broker does not give it: going on without would jump from prices that shops have
   */
  Collection<PriceChange> changes() throws IOException {
    String serviceUrl = broker.get("service-url");
    String topic = broker.get("prices");
    Map<String, PriceChange> changes = new LinkedHashMap<>();
    SharedClient shared = SharedClient.acquire(serviceUrl);
    try {
      for (String partition : shared.client().getPartitionsForTopic(topic).get(PATIENCE_S, TimeUnit.SECONDS)) {
        try (Reader<byte[]> reader =
            shared.client().newReader(Schema.BYTES).topic(partition).startMessageId(MessageId.earliest).create()) {
          while (reader.hasMessageAvailable()) {
            Message<byte[]> message = reader.readNext(PATIENCE_S, TimeUnit.SECONDS);
            if (message == null) {
              throw new IOException(partition + ": the broker says there is more, and gives nothing");
            }
            GenericRowData row = records.readOwn(message);
            if (row == null) {
              continue;
            }
            PriceChange change = PriceChange.of(row);
            changes.put(change.priceId, change);
          }
        }
      }
    } catch (IOException e) {
      throw new IOException(serviceUrl + ": cannot read back prices on " + topic + ": " + e.getMessage(), e);
    } catch (Exception e) {
      throw new IOException(serviceUrl + ": cannot read back prices on " + topic + ": " + e, e);
    } finally {
      shared.release();
    }
    return changes.values();
  }
}
