import java.util.concurrent.TimeUnit;
import org.apache.pulsar.client.api.BatchReceivePolicy;
import org.apache.pulsar.client.api.Consumer;
import org.apache.pulsar.client.api.Messages;
import org.apache.pulsar.client.api.PulsarClient;
import org.apache.pulsar.client.api.Schema;
import org.apache.pulsar.client.api.SubscriptionInitialPosition;

/** Receives messages and only counts them: what the transport gives at most. Arguments: service URL, topic, how many. */
public class Count {

  public static void main(String[] arguments) throws Exception {
    long wanted = Long.parseLong(arguments[2]);
    try (PulsarClient client = PulsarClient.builder().serviceUrl(arguments[0]).ioThreads(2).build();
        Consumer<byte[]> consumer =
            client.newConsumer(Schema.BYTES)
                .topic(arguments[1])
                .subscriptionName("bench-count-" + System.nanoTime())
                .subscriptionInitialPosition(SubscriptionInitialPosition.Earliest)
                .receiverQueueSize(20_000)
                .maxTotalReceiverQueueSizeAcrossPartitions(200_000)
                .batchReceivePolicy(BatchReceivePolicy.builder().maxNumMessages(5_000).timeout(20, TimeUnit.MILLISECONDS).build())
                .subscribe()) {
      long begunMs = System.currentTimeMillis();
      long events = 0;
      long bytes = 0;
      while (events < wanted) {
        Messages<byte[]> batch = consumer.batchReceive();
        for (var message : batch) {
          bytes += message.size();
        }
        events += batch.size();
      }
      long endedMs = System.currentTimeMillis();
      consumer.unsubscribe();
      System.out.printf(
          java.util.Locale.ROOT, "{\"events\": %d, \"bytes\": %d, \"begun_s\": %.3f, \"ended_s\": %.3f}%n", events, bytes, begunMs / 1000.0, endedMs / 1000.0);
    }
    System.exit(0);
  }
}
