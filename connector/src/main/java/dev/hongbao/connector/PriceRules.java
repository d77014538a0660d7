package dev.hongbao.connector;

import java.io.IOException;
import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/** The newest price rule of each category, kept up with their topic once opened. */
class PriceRules implements Serializable {

  private static final long serialVersionUID = 1L;

  private final Map<String, String> broker;
  private transient Book<PriceRule> book;

  /** {@code broker} has service-url, admin-url and price-rules (a topic). */
  PriceRules(Map<String, String> broker) {
    this.broker = new HashMap<>(broker);
  }

  void open(Consumer<String> onRefused) throws IOException {
    book =
        new Book<>(
            broker.get("service-url"), broker.get("admin-url"), broker.get("price-rules"), PriceRule.CONTRACT,
            PriceRule::of, PriceRule::category, onRefused);
  }

  /** Gives the category's rule, or null. */
  PriceRule of(String category) {
    return book.get(category);
  }

  void close() throws IOException {
    if (book != null) {
      book.close();
    }
  }
}
