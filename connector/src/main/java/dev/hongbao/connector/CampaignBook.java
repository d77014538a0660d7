package dev.hongbao.connector;

import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;
import org.apache.flink.table.data.GenericRowData;

/** The newest good version of every campaign, kept up with the topic. */
final class CampaignBook implements AutoCloseable {

  private static final int NAME = TopicRecords.position("campaign", "name");
  private static final int VERSION = TopicRecords.position("campaign", "version");
  private static final int STATUS = TopicRecords.position("campaign", "status");
  private static final int DEFINITION = TopicRecords.position("campaign", "definition");

  private final Book<Campaign> book;

  /** {@code onRefused} is told why a version is not taken up; the last good one goes on. */
  CampaignBook(String serviceUrl, String adminUrl, String topic, Consumer<String> onRefused) throws IOException {
    book = new Book<>(serviceUrl, adminUrl, topic, "campaign", CampaignBook::parse, Campaign::name, onRefused);
  }

  /** Gives every campaign's newest good version. */
  List<Campaign> campaigns() {
    return book.all();
  }

  private static Campaign parse(GenericRowData row) {
    return Campaign.parse(
        row.getString(NAME).toString(), row.getInt(VERSION), row.getString(STATUS).toString(),
        row.getString(DEFINITION).toString());
  }

  @Override
  public void close() throws IOException {
    book.close();
  }
}
