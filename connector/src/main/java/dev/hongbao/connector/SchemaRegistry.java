package dev.hongbao.connector;

import java.io.IOException;
import java.io.Serializable;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.Schema;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;

/** Finds the schema a message was written with, by its version in Pulsar's registry. */
final class SchemaRegistry implements Serializable {

  private static final long serialVersionUID = 1L;
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int ATTEMPTS = 10;

  private final String adminUrl;
  private final String topic;
  private transient HttpClient http;
  private transient Map<Long, Optional<Schema>> known;

  /** Reads the registry of one topic, named in full and without a partition. */
  SchemaRegistry(String adminUrl, String topic) {
    this.adminUrl = adminUrl;
    this.topic = topic.replace("persistent://", "").replaceFirst("-partition-\\d+$", "");
  }

  /**
   * Gives the writer's schema, or empty when the registry has no such version.
   *
   * @throws IOException when the registry does not answer: an outage must not look like a bad event
   */
  Optional<Schema> find(long version) throws IOException {
    if (known == null) {
      known = new HashMap<>();
      http = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    }
    Optional<Schema> schema = known.get(version);
    if (schema == null) {
      schema = ask(version);
      known.put(version, schema);
    }
    return schema;
  }

  private Optional<Schema> ask(long version) throws IOException {
    URI uri = URI.create(adminUrl + "/admin/v2/schemas/" + topic + "/schema/" + version);
    HttpRequest request = HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(5)).build();
    String found = "no answer";
    for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
      try {
        HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() == 200) {
          // The registry takes defaults that Avro would refuse; a writer's defaults are never used.
          Schema.Parser parser = new Schema.Parser().setValidateDefaults(false);
          return Optional.of(parser.parse(JSON.readTree(answer.body()).get("data").asText()));
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
        "schema " + version + " of " + topic + ": asked " + uri + " " + ATTEMPTS + " times, last got " + found
            + "; is the broker's admin address right?");
  }

  private static void pause(int attempt) throws IOException {
    try {
      Thread.sleep(Math.min(2_000L, 50L << attempt));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted between two questions to the schema registry", e);
    }
  }
}
