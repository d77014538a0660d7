package dev.hongbao.connector;

import java.io.IOException;
import java.io.Serializable;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;

/** Asks the broker's admin REST, and again while it is away: a broker needs half a minute to come back. */
final class AdminRest implements Serializable {

  private static final long serialVersionUID = 1L;
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int ATTEMPTS = 10;

  private final String adminUrl;
  private transient HttpClient http;

  AdminRest(String adminUrl) {
    this.adminUrl = adminUrl;
  }

  /**
   * Gives what lies at {@code path}, which follows /admin/v2, or empty where nothing does.
   *
   * @throws IOException when the broker does not answer: an outage must not look like an answer
   */
  Optional<JsonNode> find(String path) throws IOException {
    if (http == null) {
      http = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    }
    URI uri = URI.create(adminUrl + "/admin/v2" + path);
    HttpRequest request = HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(5)).build();
    String found = "no answer";
    for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
      try {
        HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() == 200) {
          return Optional.of(JSON.readTree(answer.body()));
        }
        if (answer.statusCode() == 404) {
          return Optional.empty();
        }
        found = "HTTP " + answer.statusCode();
      } catch (IOException e) {
        found = e.toString();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted while asking " + uri, e);
      }
      pause(attempt);
    }
    throw new IOException(
        "asked " + uri + " " + ATTEMPTS + " times, last got " + found + "; is the broker's admin address right?");
  }

  private static void pause(int attempt) throws IOException {
    try {
      Thread.sleep(Math.min(2_000L, 50L << attempt));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted between two questions to the broker", e);
    }
  }
}
