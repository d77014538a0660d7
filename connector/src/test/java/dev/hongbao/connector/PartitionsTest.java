package dev.hongbao.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.pulsar.client.api.PulsarClient;
import org.junit.jupiter.api.Test;

class PartitionsTest {

  private static final String TOPIC = "persistent://hongbao/triggers/coupons";

  /** A client of a broker where the topic has these partitions. */
  private static PulsarClient knows(String... partitions) {
    return (PulsarClient)
        Proxy.newProxyInstance(
            PulsarClient.class.getClassLoader(),
            new Class<?>[] {PulsarClient.class},
            (proxy, method, arguments) -> {
              assertEquals("getPartitionsForTopic", method.getName());
              return CompletableFuture.completedFuture(List.of(partitions));
            });
  }

  @Test
  void twoJobsHaveEveryPartitionBetweenThemAndNoneTogether() throws Exception {
    PulsarClient client = knows("0", "1", "2");
    assertEquals(List.of("0", "1"), Partitions.of("but last").of(client, TOPIC));
    assertEquals(List.of("2"), Partitions.of("last").of(client, TOPIC));
    assertEquals(List.of("0", "1", "2"), Partitions.of("all").of(client, TOPIC));
  }

  @Test
  void aTopicOfOnePartitionIsForOneJob() throws Exception {
    assertEquals(List.of("0"), Partitions.ALL.of(knows("0"), TOPIC));
    IOException refused = assertThrows(IOException.class, () -> Partitions.LAST.of(knows("0"), TOPIC));
    assertEquals(TOPIC + " has one partition; two jobs need two: hongbao up widens it", refused.getMessage());
  }
}
