package dev.hongbao.connector;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.pulsar.client.api.PulsarClient;
import org.apache.pulsar.client.api.PulsarClientException;

/**
 * One Pulsar client a broker for all sinks of a TaskManager.
 *
 * <p>Each client has a timer that wakes a thousand times a second (pulsar-client 3.0); sixteen of
 * them took a fifth of a core.
 */
final class SharedClient {

  /** Default is a minute: a broker that is back after half of one would be found after a whole one. */
  static final long MOST_BACKOFF_MS = 2_000;

  private static final Map<String, SharedClient> SHARED = new HashMap<>();

  private final String serviceUrl;
  private final PulsarClient client;
  private int users;

  private SharedClient(String serviceUrl, PulsarClient client) {
    this.serviceUrl = serviceUrl;
    this.client = client;
  }

  static SharedClient acquire(String serviceUrl) throws PulsarClientException {
    synchronized (SHARED) {
      SharedClient shared = SHARED.get(serviceUrl);
      if (shared == null) {
        shared = new SharedClient(serviceUrl, connect(serviceUrl));
        SHARED.put(serviceUrl, shared);
      }
      shared.users++;
      return shared;
    }
  }

  private static PulsarClient connect(String serviceUrl) throws PulsarClientException {
    return PulsarClient.builder()
        .serviceUrl(serviceUrl)
        .maxBackoffInterval(MOST_BACKOFF_MS, TimeUnit.MILLISECONDS)
        .build();
  }

  PulsarClient client() {
    return client;
  }

  /** Closes the client with its last user. */
  void release() throws PulsarClientException {
    synchronized (SHARED) {
      users--;
      if (users > 0) {
        return;
      }
      SHARED.remove(serviceUrl);
    }
    client.close();
  }
}
