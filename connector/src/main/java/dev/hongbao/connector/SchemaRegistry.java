package dev.hongbao.connector;

import java.io.IOException;
import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.Schema;

/** Finds the schema a message was written with, by its version of its topic's in Pulsar's registry. */
final class SchemaRegistry implements Serializable {

  private static final long serialVersionUID = 1L;

  private final AdminRest broker;
  private transient Map<String, Map<Long, Optional<Schema>>> known;

  SchemaRegistry(String adminUrl) {
    this.broker = new AdminRest(adminUrl);
  }

  /**
   * Gives the writer's schema, or empty when the registry has no such version: always the same object.
   *
   * @param topic named in full, with or without its partition
   * @throws IOException when the registry does not answer: an outage must not look like a bad event
   */
  Optional<Schema> find(String topic, long version) throws IOException {
    if (known == null) {
      known = new HashMap<>();
    }
    // By the name as it is: cutting it for each message would cost more than a few versions known twice.
    Map<Long, Optional<Schema>> versions = known.computeIfAbsent(topic, name -> new HashMap<>());
    Optional<Schema> schema = versions.get(version);
    if (schema == null) {
      schema =
          broker
              .find("/schemas/" + path(topic) + "/schema/" + version)
              // The registry takes defaults that Avro would refuse; a writer's defaults are never used.
              .map(found -> new Schema.Parser().setValidateDefaults(false).parse(found.get("data").asText()));
      versions.put(version, schema);
    }
    return schema;
  }

  private static String path(String topic) {
    return topic.replace("persistent://", "").replaceFirst("-partition-\\d+$", "");
  }
}
