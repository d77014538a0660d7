package dev.hongbao.connector;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.flink.configuration.DescribedEnum;
import org.apache.flink.configuration.description.InlineElement;
import org.apache.flink.configuration.description.TextElement;
import org.apache.pulsar.client.api.PulsarClient;

/** Which partitions of a topic a job has for itself, so that two jobs can publish to it and each reads back its own. */
enum Partitions implements DescribedEnum {
  ALL("all"),
  BUT_LAST("but last"),
  LAST("last");

  private static final int PATIENCE_S = 30;

  private final String name;

  Partitions(String name) {
    this.name = name;
  }

  static Partitions of(String name) {
    for (Partitions one : values()) {
      if (one.name.equals(name)) {
        return one;
      }
    }
    throw new IllegalArgumentException("no partitions are called " + name);
  }

  /**
   * Gives their names in full, in order.
   *
   * @throws IOException when the broker does not say, or the topic has too few for two jobs
   */
  List<String> of(PulsarClient client, String topic) throws IOException {
    List<String> all;
    try {
      all = client.getPartitionsForTopic(topic).get(PATIENCE_S, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(topic + ": interrupted while asking for its partitions", e);
    } catch (ExecutionException | TimeoutException e) {
      throw new IOException(topic + ": cannot ask for its partitions: " + e, e);
    }
    if (this == ALL) {
      return all;
    }
    int last = all.size() - 1;
    if (last < 1) {
      throw new IOException(topic + " has one partition; two jobs need two: hongbao up widens it");
    }
    return this == LAST ? all.subList(last, last + 1) : all.subList(0, last);
  }

  @Override
  public InlineElement getDescription() {
    return TextElement.text(name);
  }

  @Override
  public String toString() {
    return name;
  }
}
