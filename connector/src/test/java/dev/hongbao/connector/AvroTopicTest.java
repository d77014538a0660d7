package dev.hongbao.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.RowType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AvroTopicTest {

  private static final String TOPIC = "persistent://hongbao/events/bids";
  private static final Schema BID =
      new Schema.Parser()
          .parse(
              "{\"type\":\"record\",\"name\":\"Bid\",\"fields\":["
                  + "{\"name\":\"price\",\"type\":\"long\",\"minimum\":1},"
                  + "{\"name\":\"date_time\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}},"
                  + "{\"name\":\"channel\",\"type\":[\"null\",\"string\"],\"default\":null}]}");
  private static final DataType TABLE =
      DataTypes.ROW(
          DataTypes.FIELD("channel", DataTypes.STRING()),
          DataTypes.FIELD("price", DataTypes.BIGINT()),
          DataTypes.FIELD("date_time", DataTypes.TIMESTAMP_LTZ(3)),
          DataTypes.FIELD("message_id", DataTypes.STRING()),
          DataTypes.FIELD("reason", DataTypes.STRING()));

  private HttpServer registry;

  @BeforeEach
  void startRegistry() throws IOException {
    byte[] answer = new ObjectMapper().writeValueAsBytes(Map.of("type", "AVRO", "data", BID.toString()));
    registry = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    registry.createContext(
        "/admin/v2/schemas/hongbao/events/bids/schema/0",
        exchange -> {
          exchange.sendResponseHeaders(200, answer.length);
          exchange.getResponseBody().write(answer);
          exchange.close();
        });
    registry.start();
  }

  @AfterEach
  void stopRegistry() {
    registry.stop(0);
  }

  @Test
  void recordFillsTheColumnsByName() throws Exception {
    assertEquals("+I(web,990,2026-01-01T00:00,7:11:3:-1,null)", decode(bid(990L, "web"), true).toString());
  }

  @Test
  void unreadableMessageIsARowThatSaysWhy() throws Exception {
    RowData row = decode(new byte[] {1}, true);
    assertTrue(row.isNullAt(0) && row.isNullAt(1) && row.isNullAt(2));
    assertEquals("7:11:3:-1", row.getString(3).toString());
    assertTrue(row.getString(4).toString().startsWith("not a Bid in Avro"), row.toString());
  }

  @Test
  void brokenRuleIsAReasonToo() throws Exception {
    RowData row = decode(bid(0L, "web"), true);
    assertTrue(row.isNullAt(1));
    assertEquals("price is 0; the least is 1", row.getString(4).toString());
  }

  @Test
  void unreadableMessageStopsAJobThatTakesNoReasons() {
    StoppedException error = assertThrows(StoppedException.class, () -> decode(new byte[] {1}, false));
    assertTrue(error.getMessage().contains("clicks-partition-3: message 7:11:3:-1: not a Bid"), error.getMessage());
  }

  @Test
  void columnThatNobodyFillsIsRefused() {
    DataType table = DataTypes.ROW(DataTypes.FIELD("prize", DataTypes.BIGINT()));
    String said = assertThrows(ValidationException.class, () -> source(table, Map.of())).getMessage();
    assertTrue(said.contains("no column prize; Bid has [price, date_time, channel]"), said);
  }

  @Test
  void columnOfAnotherTypeIsRefused() {
    DataType table = DataTypes.ROW(DataTypes.FIELD("price", DataTypes.STRING()));
    String said = assertThrows(ValidationException.class, () -> source(table, Map.of())).getMessage();
    assertTrue(said.contains("column price is VARCHAR, must be BIGINT"), said);
  }

  @Test
  void watermarkNeedsATimeToFollow() {
    assertThrows(ValidationException.class, () -> source(TABLE, Map.of("event-time", "price")));
    assertThrows(ValidationException.class, () -> source(TABLE, Map.of()).applySourceWatermark());
    source(TABLE, Map.of("event-time", "date_time")).applySourceWatermark();
  }

  private static AvroTopicSource source(DataType table, Map<String, String> options) {
    Configuration all = Configuration.fromMap(options);
    all.setString("topic", TOPIC);
    all.setString("schema", BID.toString());
    return new AvroTopicSource((RowType) table.getLogicalType(), all);
  }

  private static byte[] bid(long price, String channel) throws IOException {
    return Clicks.bytes(
        new GenericRecordBuilder(BID)
            .set("price", price)
            .set("date_time", 1_767_225_600_000L)
            .set("channel", channel)
            .build());
  }

  private RowData decode(byte[] payload, boolean tellsReasons) throws IOException {
    SchemaRegistry schemas = new SchemaRegistry("http://127.0.0.1:" + registry.getAddress().getPort());
    return new RecordDecoder((RowType) TABLE.getLogicalType(), BID.toString(), schemas, tellsReasons)
        .decode(Messages.message(payload, "k", 0L));
  }
}
