package dev.hongbao.connector;

import java.io.IOException;
import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.Schema;

/** Finds the schema a message was written with, by its version in Pulsar's registry. */
final class SchemaRegistry implements Serializable {

  private static final long serialVersionUID = 1L;

  private final AdminRest broker;
  private final String topic;
  private transient Map<Long, Optional<Schema>> known;

  /** Reads the registry of one topic, named in full and without a partition. */
  SchemaRegistry(String adminUrl, String topic) {
    this.broker = new AdminRest(adminUrl);
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
    }
    Optional<Schema> schema = known.get(version);
    if (schema == null) {
      schema =
          broker
              .find("/schemas/" + topic + "/schema/" + version)
              // The registry takes defaults that Avro would refuse; a writer's defaults are never used.
              .map(found -> new Schema.Parser().setValidateDefaults(false).parse(found.get("data").asText()));
      known.put(version, schema);
    }
    return schema;
  }
}
