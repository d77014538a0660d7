import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.pulsar.client.api.Consumer;
import org.apache.pulsar.client.api.Message;
import org.apache.pulsar.client.api.PulsarClient;
import org.apache.pulsar.client.api.PulsarClientException;
import org.apache.pulsar.client.api.Schema;
import org.apache.pulsar.client.api.SubscriptionType;
import org.apache.pulsar.client.api.schema.GenericRecord;

/** Print each coupon once, as one JSON line: java -jar target/subscribe.jar --max 10. */
public final class Subscribe {
  /** A restarted job repeats what it sent since its last checkpoint, which is far less. */
  private static final int REMEMBERED_IDS = 100_000;

  public static void main(String[] arguments) {
    Map<String, String> options = options(arguments);
    String serviceUrl = options.get("--service-url");
    String topic = options.get("--topic");
    try {
      follow(serviceUrl, topic, options.get("--subscription"), Long.parseLong(options.get("--max")));
    } catch (PulsarClientException error) {
      Throwable cause = error;
      while (cause.getCause() != null) {
        cause = cause.getCause();
      }
      String why = cause.getMessage();
      System.err.printf("subscribe: cannot read %s at %s: %s; is the broker up?%n", topic, serviceUrl, why);
      System.exit(1);
    }
  }

  private static void follow(String serviceUrl, String topic, String subscription, long most)
      throws PulsarClientException {
    try (PulsarClient client =
            PulsarClient.builder().serviceUrl(serviceUrl).operationTimeout(5, TimeUnit.SECONDS).build();
        // AUTO_CONSUME decodes by the schema the writer registered: older and newer publishers share the topic.
        Consumer<GenericRecord> consumer =
            client
                .newConsumer(Schema.AUTO_CONSUME())
                .topic(topic)
                // Durable: coupons wait while nobody reads.
                .subscriptionName(subscription)
                // A second process stands by, and a shopper's coupons stay in order.
                .subscriptionType(SubscriptionType.Failover)
                // By default it gathers for 100 ms, which Ctrl-C would lose.
                .acknowledgmentGroupTime(0, TimeUnit.MILLISECONDS)
                .subscribe()) {
      Set<String> seen = new LinkedHashSet<>();
      for (long printed = 0; most == 0 || printed < most; ) {
        Message<GenericRecord> message = consumer.receive();
        GenericRecord coupon = message.getValue();
        // Delivery is at least once. A real service keeps the ids beside what it does, in one transaction.
        if (seen.add(coupon.getField("coupon_id").toString())) {
          // An Avro record's text is JSON.
          System.out.println(coupon.getNativeObject());
          printed++;
          if (seen.size() > REMEMBERED_IDS) {
            seen.remove(seen.iterator().next());
          }
        }
        // Only now: what crashes before this line is delivered again.
        consumer.acknowledge(message);
      }
    }
  }

  private static Map<String, String> options(String[] arguments) {
    Map<String, String> options = new TreeMap<>();
    String serviceUrl = System.getenv("HONGBAO_PULSAR_SERVICE_URL");
    options.put("--service-url", Objects.requireNonNullElse(serviceUrl, "pulsar://127.0.0.1:6650"));
    options.put("--topic", "persistent://hongbao/triggers/coupons");
    options.put("--subscription", "example-java");
    options.put("--max", "0");
    for (int i = 0; i < arguments.length; i += 2) {
      if (i + 1 == arguments.length || options.replace(arguments[i], arguments[i + 1]) == null) {
        System.err.printf("subscribe: %s is none of %s with a value%n", arguments[i], options.keySet());
        System.exit(2);
      }
    }
    if (!options.get("--max").matches("\\d{1,18}")) {
      System.err.printf("subscribe: --max must be a number, got %s%n", options.get("--max"));
      System.exit(2);
    }
    return options;
  }
}
