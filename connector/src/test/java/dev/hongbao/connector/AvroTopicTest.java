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
    registry = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    register("events/bids", BID);
    registry.start();
  }

  private void register(String topic, Schema schema) throws IOException {
    byte[] answer = new ObjectMapper().writeValueAsBytes(Map.of("type", "AVRO", "data", schema.toString()));
    registry.createContext(
        "/admin/v2/schemas/hongbao/" + topic + "/schema/0",
        exchange -> {
          exchange.sendResponseHeaders(200, answer.length);
          exchange.getResponseBody().write(answer);
          exchange.close();
        });
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
  void versionIsOneOfTheMessagesOwnTopic() throws Exception {
    Schema without =
        new Schema.Parser()
            .parse(
                "{\"type\":\"record\",\"name\":\"Bid\",\"fields\":["
                    + "{\"name\":\"date_time\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}},"
                    + "{\"name\":\"price\",\"type\":\"long\"}]}");
    register("events/early-bids", without);
    byte[] early =
        Clicks.bytes(new GenericRecordBuilder(without).set("price", 5L).set("date_time", 1_767_225_600_000L).build());
    RecordDecoder decoder = decoder(true);
    for (int turn = 0; turn < 2; turn++) {
      RowData one = decoder.decode(Messages.message(TOPIC + "-partition-1", bid(990L, "web"), "k", 0L));
      RowData other = decoder.decode(Messages.message("persistent://hongbao/events/early-bids", early, "k", 0L));
      assertEquals(990L, one.getLong(1));
      assertEquals(5L, other.getLong(1));
      assertTrue(other.isNullAt(0));
    }
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
    assertTrue(error.getMessage().contains("bids-partition-3: message 7:11:3:-1: not a Bid"), error.getMessage());
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
    return decoder(tellsReasons).decode(Messages.message(TOPIC + "-partition-3", payload, "k", 0L));
  }

  private RecordDecoder decoder(boolean tellsReasons) {
    SchemaRegistry schemas = new SchemaRegistry("http://127.0.0.1:" + registry.getAddress().getPort());
    return new RecordDecoder((RowType) TABLE.getLogicalType(), BID.toString(), schemas, tellsReasons);
  }
}
