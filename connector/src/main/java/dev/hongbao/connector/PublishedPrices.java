package dev.hongbao.connector;

import java.io.IOException;
import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.flink.table.data.GenericRowData;
import org.apache.pulsar.client.api.Message;
import org.apache.pulsar.client.api.MessageId;
import org.apache.pulsar.client.api.Reader;
import org.apache.pulsar.client.api.Schema;

/** Reads from the prices' own topic what the shops were told last. */
class PublishedPrices implements Serializable {

  private static final long serialVersionUID = 1L;
  private static final int PATIENCE_S = 30;
  private static final String CONTRACT = "price_trigger";

  private final Map<String, String> broker;
  private final TopicRecords records;

  /** {@code broker} has service-url, admin-url and prices (a topic). */
  PublishedPrices(Map<String, String> broker) {
    this.broker = new HashMap<>(broker);
    this.records = new TopicRecords(broker.get("admin-url"), broker.get("prices"), CONTRACT);
  }

  /**
   * Gives where each category stands by the topic, as far back as the topic goes.
   *
   * @throws IOException when the broker does not give it: going on without would jump from prices that shops have
   */
  Map<String, PriceLevel> newest() throws IOException {
    String serviceUrl = broker.get("service-url");
    String topic = broker.get("prices");
    Map<String, PriceLevel> newest = new HashMap<>();
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
            take(records.read(message), newest);
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
    return newest;
  }

  private static void take(GenericRowData trigger, Map<String, PriceLevel> newest) {
    long endMs = millis(trigger, "window_end");
    String category = trigger.getString(position("category")).toString();
    PriceLevel before = newest.get(category);
    // A repeat may come after the next.
    if (before != null && endMs <= before.decidedEndMs) {
      return;
    }
    PriceLevel level = new PriceLevel();
    level.percent = trigger.getInt(position("price_percent"));
    level.changedEndMs = endMs;
    level.changedMs = millis(trigger, "decided_at");
    level.decidedEndMs = endMs;
    newest.put(category, level);
  }

  private static long millis(GenericRowData trigger, String field) {
    return trigger.getTimestamp(position(field), 3).getMillisecond();
  }

  private static int position(String field) {
    return TopicRecords.position(CONTRACT, field);
  }
}
