package dev.hongbao.connector;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.flink.table.data.GenericRowData;
import org.apache.pulsar.client.api.Message;
import org.apache.pulsar.client.api.MessageId;
import org.apache.pulsar.client.api.PulsarClientException;
import org.apache.pulsar.client.api.Reader;
import org.apache.pulsar.client.api.Schema;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The newest good version of every campaign, kept up with the topic.
 *
 * <p>Opening reads the topic to its end, so that no candidate is judged before the campaigns are known. The topic is the
 * state: it keeps every version, in one partition, so every reader takes them up in the same order, and a restart finds
 * what was applied meanwhile.
 */
final class CampaignBook implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(CampaignBook.class);

  private final TopicRecords records;
  private final Consumer<String> onRefused;
  private final SharedClient shared;
  private final Reader<byte[]> reader;
  private final Map<String, Campaign> newest = new TreeMap<>();
  private final int name = TopicRecords.position("campaign", "name");
  private final int version = TopicRecords.position("campaign", "version");
  private final int status = TopicRecords.position("campaign", "status");
  private final int definition = TopicRecords.position("campaign", "definition");
  private volatile List<Campaign> campaigns = List.of();
  private volatile boolean closed;

  /** {@code onRefused} is told why a version is not taken up; the last good one goes on. */
  CampaignBook(String serviceUrl, String adminUrl, String topic, Consumer<String> onRefused) throws IOException {
    this.records = new TopicRecords(adminUrl, topic, "campaign");
    this.onRefused = onRefused;
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
      throw new IOException(serviceUrl + ": cannot read the campaigns on " + topic + ": " + e.getMessage(), e);
    }
    follow();
  }

  /** Gives every campaign's newest good version. */
  List<Campaign> campaigns() {
    return campaigns;
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
            onRefused.accept("no further campaign is taken up until this job starts again: " + error.getMessage());
          }
        });
  }

  private void take(Message<byte[]> message) {
    if (message == null) {
      return;
    }
    try {
      GenericRowData row = records.read(message);
      Campaign campaign =
          Campaign.parse(
              row.getString(name).toString(), row.getInt(version), row.getString(status).toString(),
              row.getString(definition).toString());
      newest.put(campaign.name(), campaign);
      campaigns = new ArrayList<>(newest.values());
      LOG.info("campaign {} version {} taken up, {}", campaign.name(), campaign.version(), row.getString(status));
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
