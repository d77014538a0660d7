package dev.hongbao.connector;

import java.io.IOException;
import java.util.function.Consumer;
import org.apache.flink.table.data.GenericRowData;

/** The model that offers are chosen by, kept up with the topic. */
final class OfferModelBook implements AutoCloseable {

  private static final String CONTRACT = "offer_model";
  private static final int NAME = TopicRecords.position(CONTRACT, "name");
  private static final int VERSION = TopicRecords.position(CONTRACT, "version");
  private static final int STATUS = TopicRecords.position(CONTRACT, "status");
  private static final int PUBLISHED_AT = TopicRecords.position(CONTRACT, "published_at");
  private static final int DEFINITION = TopicRecords.position(CONTRACT, "definition");

  private final Book<OfferModel> book;

  /** {@code onRefused} is told why a record is not taken up; the last good one goes on. */
  OfferModelBook(String serviceUrl, String adminUrl, String topic, Consumer<String> onRefused) throws IOException {
    book = new Book<>(serviceUrl, adminUrl, topic, CONTRACT, OfferModelBook::parse, OfferModel::key, onRefused);
  }

  /** Gives the one that was chosen last; null where none was. */
  OfferModel used() {
    OfferModel newest = null;
    for (OfferModel model : book.all()) {
      if (model.chosenMs() > (newest == null ? 0 : newest.chosenMs())) {
        newest = model;
      }
    }
    return newest;
  }

  private static OfferModel parse(GenericRowData row) {
    return OfferModel.parse(
        row.getString(NAME).toString(), row.getInt(VERSION), row.getString(STATUS).toString(),
        row.getTimestamp(PUBLISHED_AT, 3).getMillisecond(), row.getString(DEFINITION).toString());
  }

  @Override
  public void close() throws IOException {
    book.close();
  }
}
