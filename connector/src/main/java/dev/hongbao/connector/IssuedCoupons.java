package dev.hongbao.connector;

import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.flink.table.data.GenericRowData;
import org.apache.pulsar.client.api.Message;
import org.apache.pulsar.client.api.MessageId;
import org.apache.pulsar.client.api.MessageIdAdv;
import org.apache.pulsar.client.api.PulsarClientException;
import org.apache.pulsar.client.api.Reader;
import org.apache.pulsar.client.api.ReaderBuilder;
import org.apache.pulsar.client.api.Schema;
import org.apache.pulsar.client.impl.ReaderImpl;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads from the coupons' own topic what was issued and no checkpoint knows of. */
class IssuedCoupons implements Serializable {

  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(IssuedCoupons.class);
  private static final int PATIENCE_S = 30;
  private static final String CONTRACT = "coupon_trigger";

  private final Map<String, String> broker;
  private final TopicRecords records;
  private final Partitions partitions;

  /** {@code broker} has service-url, admin-url, coupons and campaigns (topics), and which partitions are the job's. */
  IssuedCoupons(Map<String, String> broker) {
    this.broker = new HashMap<>(broker);
    this.records = new TopicRecords(broker.get("admin-url"), broker.get("coupons"), CONTRACT);
    this.partitions = Partitions.of(broker.getOrDefault("partitions", Partitions.ALL.toString()));
  }

  /** A topic that nobody reads back: for drills' controls. */
  static IssuedCoupons unread(Map<String, String> broker) {
    return new Unread(broker);
  }

  static Object field(GenericRowData trigger, String name) {
    return trigger.getField(position(name));
  }

  static String text(GenericRowData trigger, String name) {
    return field(trigger, name).toString();
  }

  static long millis(GenericRowData trigger, String name) {
    return trigger.getTimestamp(position(name), 3).getMillisecond();
  }

  private static int position(String field) {
    return TopicRecords.position(CONTRACT, field);
  }

  private static Reader<byte[]> reader(SharedClient shared, String partition, long fromMs) throws PulsarClientException {
    ReaderBuilder<byte[]> builder = shared.client().newReader(Schema.BYTES).topic(partition);
    if (fromMs <= 0) {
      return builder.startMessageId(MessageId.earliest).create();
    }
    // Not seek(): it drops the connection, and the next question waits ten seconds for another one.
    long back = System.currentTimeMillis() - fromMs;
    return builder.startMessageFromRollbackDuration(back, TimeUnit.MILLISECONDS).create();
  }

  /**
   * Whether the partition's last message is of before {@code fromMs}.
   *
   * <p>A reader placed by time then stands behind it; where the broker was started since, that is a ledger of its own
   * without an entry, and the client says for ever that there is more.
   */
  private static boolean endsBefore(SharedClient shared, Reader<byte[]> reader, String partition, long fromMs)
      throws IOException {
    MessageId last = ((ReaderImpl<byte[]>) reader).getConsumer().getLastMessageId();
    if (((MessageIdAdv) last).getEntryId() < 0) {
      return true;
    }
    ReaderBuilder<byte[]> builder = shared.client().newReader(Schema.BYTES).topic(partition);
    try (Reader<byte[]> one = builder.startMessageId(last).startMessageIdInclusive().create()) {
      Message<byte[]> message = one.readNext(PATIENCE_S, TimeUnit.SECONDS);
      return message != null
          && Math.max(message.getPublishTime(), message.getBrokerPublishTime().orElse(0L)) < fromMs;
    }
  }

  /**
   * Gives the triggers with an issue number above {@code after} that were published at {@code fromMs} or later, those
   * without a number too when {@code after} is below 0; repeats may be among them.
   *
   * @throws IOException when the broker does not give them: going on without could spend a budget twice
   */
  List<GenericRowData> after(long after, long fromMs) throws IOException {
    int number = position("issue_number");
    String serviceUrl = broker.get("service-url");
    String topic = broker.get("coupons");
    List<GenericRowData> found = new ArrayList<>();
    SharedClient shared = SharedClient.acquire(serviceUrl);
    try {
      for (String partition : partitions.of(shared.client(), topic)) {
        try (Reader<byte[]> reader = reader(shared, partition, fromMs)) {
          boolean nothing = endsBefore(shared, reader, partition, fromMs);
          while (!nothing && reader.hasMessageAvailable()) {
            Message<byte[]> message = reader.readNext(PATIENCE_S, TimeUnit.SECONDS);
            if (message == null) {
              throw new IOException(partition + ": the broker says there is more, and gives nothing");
            }
            GenericRowData row = records.readOwn(message);
            if (row == null) {
              continue;
            }
            if (row.isNullAt(number) ? after < 0 : row.getLong(number) > after) {
              found.add(row);
            }
          }
        }
      }
    } catch (PulsarClientException e) {
      throw new IOException(serviceUrl + ": cannot read back what was issued on " + topic + ": " + e.getMessage(), e);
    } catch (Exception e) {
      throw e instanceof IOException known
          ? known
          : new IOException(serviceUrl + ": cannot read back what was issued on " + topic + ": " + e, e);
    } finally {
      shared.release();
    }
    LOG.info("{} coupons on {} are newer than issue number {}", found.size(), topic, after);
    return found;
  }

  /** Gives the newest version of each campaign, by name. */
  Map<String, Campaign> campaigns() throws IOException {
    Map<String, Campaign> campaigns = new HashMap<>();
    try (CampaignBook book =
        new CampaignBook(
            broker.get("service-url"), broker.get("admin-url"), broker.get("campaigns"), LOG::error)) {
      book.campaigns().forEach(campaign -> campaigns.put(campaign.name(), campaign));
    }
    return campaigns;
  }

  private static final class Unread extends IssuedCoupons {

    private static final long serialVersionUID = 1L;

    Unread(Map<String, String> broker) {
      super(broker);
    }

    @Override
    List<GenericRowData> after(long after, long fromMs) {
      return List.of();
    }
  }
}
