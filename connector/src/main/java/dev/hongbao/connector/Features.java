package dev.hongbao.connector;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonProcessingException;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.DeserializationFeature;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.MissingNode;

/** What a candidate says of its shopper (see {@link Profile#text}); read when it is asked for the first time. */
final class Features {

  private static final ObjectMapper JSON = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private final String text;
  private JsonNode known;

  /** {@code text} is null where the pattern gives none. */
  Features(String text) {
    this.text = text;
  }

  /** Gives a whole number, null where it is not known. */
  Long get(String name) {
    if (known == null) {
      known = read();
    }
    JsonNode value = known.path(name);
    return value.isIntegralNumber() && value.canConvertToLong() ? (Long) value.asLong() : null;
  }

  private JsonNode read() {
    try {
      return text == null ? MissingNode.getInstance() : JSON.readTree(text);
    } catch (JsonProcessingException e) {
      // A pattern of the shop's own may give any text.
      return MissingNode.getInstance();
    }
  }
}
