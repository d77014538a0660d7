package dev.hongbao.connector;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.util.InstantiationUtil;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClickDecoderTest {

  private final AtomicInteger failures = new AtomicInteger();
  /** What the registry has, by version. */
  private final List<String> versions = new CopyOnWriteArrayList<>(List.of(Clicks.SCHEMA.toString()));
  private HttpServer registry;
  private ClickDecoder decoder;

  @BeforeEach
  void startRegistry() throws IOException {
    registry = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    registry.createContext(
        "/admin/v2/schemas/hongbao/events/clicks/schema/",
        exchange -> {
          int version = Integer.parseInt(exchange.getRequestURI().getPath().replaceFirst(".*/", ""));
          boolean known = version < versions.size();
          int status = failures.getAndDecrement() > 0 ? 500 : known ? 200 : 404;
          byte[] body =
              new ObjectMapper()
                  .writeValueAsString(Map.of("type", "AVRO", "data", known ? versions.get(version) : ""))
                  .getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(status, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    registry.start();
    decoder = decoder(Clicks.ROW, "click_event");
  }

  private ClickDecoder decoder(RowType row, String contract) {
    String admin = "http://127.0.0.1:" + registry.getAddress().getPort();
    return new ClickDecoder(row, contract, new SchemaRegistry(admin), false, 0, null);
  }

  @AfterEach
  void stopRegistry() {
    registry.stop(0);
  }

  @Test
  void goodEventKeepsItsFieldsAndLearnsItsOrigin() throws Exception {
    RowData row = decode(Clicks.bytes(Clicks.event(Map.of())));
    assertEquals("ok", text(row, "verdict"));
    assertEquals("u1", text(row, "shopper_id"));
    assertEquals(9_900L, row.getLong(Clicks.at("price_minor")));
    assertTrue(row.isNullAt(Clicks.at("quantity")));
    assertEquals(Messages.PUBLISHED_MS - 1_000, row.getTimestamp(Clicks.at("occurred_at"), 3).getMillisecond());
    assertEquals(1, row.getMap(Clicks.at("properties")).size());
    assertEquals("7:11:3:-1", text(row, "message_id"));
  }

  @Test
  void anonymousShopperIsKnownByTheDevice() throws Exception {
    GenericRecord event = Clicks.event(Map.of("anonymous_id", "device-9"));
    event.put("user_id", null);
    assertEquals("device-9", text(decode(Clicks.bytes(event)), "shopper_id"));
  }

  @Test
  void noBytesAreTooStrangeForADeadLetter() throws Exception {
    byte[] good = Clicks.bytes(Clicks.event(Map.of()));
    byte[] trailing = Arrays.copyOf(good, good.length + 1);
    // Zigzag of 2^31 - 1 and of 2^62: a string that claims gigabytes must not be allocated.
    byte[] bomb = {(byte) 0xFE, (byte) 0xFF, (byte) 0xFF, (byte) 0xFF, 0x0F, 1, 2, 3};
    byte[] monster = {-128, -128, -128, -128, -128, -128, -128, -128, (byte) 0x80, 0x01};
    byte[][] payloads = {
      {}, {1}, "garbage".getBytes(StandardCharsets.UTF_8), Arrays.copyOf(good, good.length - 1), trailing, bomb, monster
    };
    for (byte[] payload : payloads) {
      RowData row = decode(payload);
      assertEquals("dead", text(row, "verdict"));
      assertTrue(text(row, "reason").startsWith("not a ClickEvent in Avro"), text(row, "reason"));
      assertArrayEquals(payload, row.getBinary(Clicks.at("payload")));
    }
  }

  @Test
  void payloadThatNoMessageCouldHoldIsCut() throws Exception {
    byte[] unpacked = new byte[ClickDecoder.MOST_PAYLOAD + 1];
    unpacked[0] = 1;
    RowData row = decode(unpacked);
    assertEquals(ClickDecoder.MOST_PAYLOAD, row.getBinary(Clicks.at("payload")).length);
    assertTrue(text(row, "reason").endsWith("kept are the first 4194304 of 4194305 bytes"), text(row, "reason"));
  }

  @Test
  void textThatGarbageClaimsIsNotAllocated() throws Exception {
    // A string of 2^27 bytes, zigzag.
    byte[] bomb = {(byte) 0x80, (byte) 0x80, (byte) 0x80, (byte) 0x80, 0x01, 1, 2, 3};
    RowData row = decode(bomb);
    assertTrue(text(row, "reason").contains("a field of 134217728 bytes in a record of 8"), text(row, "reason"));
    AvroRows.Reader resolving = new AvroRows.Reader(Clicks.SCHEMA, Clicks.SCHEMA, null);
    Exception error = assertThrows(RuntimeException.class, () -> resolving.read(bomb));
    assertTrue(error.getMessage().contains("exceeds maximum"), error.getMessage());
  }

  @Test
  void textThatIsNoTextIsDead() throws Exception {
    byte[] payload = Clicks.bytes(Clicks.event(Map.of("product_id", "ABCDEFGH")));
    byte[] named = "ABCDEFGH".getBytes(StandardCharsets.UTF_8);
    int at = 0;
    while (!Arrays.equals(Arrays.copyOfRange(payload, at, at + named.length), named)) {
      at++;
    }
    payload[at] = (byte) 0xC3;
    assertEquals("dead", text(decode(payload), "verdict"));
    AvroRows.Reader resolving = new AvroRows.Reader(Clicks.SCHEMA, Clicks.SCHEMA, null);
    assertThrows(IOException.class, () -> resolving.read(payload));
  }

  @Test
  void everyRandomPayloadIsARow() throws Exception {
    java.util.Random dice = new java.util.Random(17);
    for (int i = 0; i < 20_000; i++) {
      byte[] payload = new byte[dice.nextInt(120)];
      dice.nextBytes(payload);
      assertEquals("dead", text(decode(payload), "verdict"));
    }
  }

  @Test
  void unknownSchemaVersionIsNamed() throws Exception {
    RowData row = decoder.decode(Messages.message(new byte[] {1}, "u1", 42L));
    assertEquals("schema version 42 is unknown to the registry", text(row, "reason"));
  }

  @Test
  void messageWithoutASchemaIsDead() throws Exception {
    RowData row = decoder.decode(Messages.message(new byte[] {1}, "u1", null));
    assertTrue(text(row, "reason").startsWith("the message names no schema version"));
    assertTrue(row.isNullAt(Clicks.at("schema_version")));
  }

  @Test
  void emptyKeyIsDead() throws Exception {
    for (String key : new String[] {"", null}) {
      assertEquals("key", text(decoder.decode(Messages.message(new byte[] {1}, key, 0L)), "field"));
    }
  }

  @Test
  void registryThatRecoversIsAskedAgain() throws Exception {
    failures.set(2);
    assertEquals("ok", text(decode(Clicks.bytes(Clicks.event(Map.of()))), "verdict"));
  }

  @Test
  void registryThatIsAwayFailsTheJobAndQuarantinesNothing() {
    failures.set(Integer.MAX_VALUE);
    IOException error = assertThrows(IOException.class, () -> decode(new byte[] {1}));
    assertTrue(error.getMessage().contains("HTTP 500"), error.getMessage());
  }

  @ParameterizedTest
  @CsvSource({
    "quantity, 0, quantity is 0; the least is 1",
    "quantity, 1, ",
    "quantity, 10000, ",
    "quantity, 10001, quantity is 10001; the most is 10000",
  })
  void quantityHasBounds(String field, int value, String reason) throws Exception {
    assertEquals(reason, text(decode(Clicks.bytes(Clicks.event(Map.of(field, value)))), "reason"));
  }

  @ParameterizedTest
  @CsvSource({
    "event_type, teleported, event_type",
    "currency, yuan, currency",
    "event_id, 17, event_id",
    "membership_tier, platinum, membership_tier",
    "event_type, order_completed, order_id",
    "event_type, qr_scanned, store_id",
  })
  void brokenRuleNamesTheField(String field, String value, String atFault) throws Exception {
    RowData row = decode(Clicks.bytes(Clicks.event(Map.of(field, value))));
    assertEquals("dead", text(row, "verdict"));
    assertEquals(atFault, text(row, "field"));
  }

  @ParameterizedTest
  @CsvSource({"300000, ok", "300001, dead", "-604800000, ok", "-604800001, dead"})
  void eventTimeIsBoundByTheBrokersClock(long aheadMs, String verdict) throws Exception {
    long occurred = Messages.PUBLISHED_MS + aheadMs;
    assertEquals(verdict, text(decode(Clicks.bytes(Clicks.event(Map.of("occurred_at", occurred)))), "verdict"));
  }

  @Test
  void threeVersionsAtOnceFillTheColumnsOfTheSecond() throws Exception {
    String first = versions.get(0);
    String second =
        first
            .replace("{\"name\":\"campaign_id\",", "{\"name\":\"promotion_id\",\"aliases\":[\"campaign_id\"],")
            .replace("{\"name\":\"source\",", "{\"name\":\"points\",\"type\":\"long\",\"default\":7},{\"name\":\"source\",");
    String third =
        second
            .replaceFirst("\\{\"name\":\"category\",[^}]*},", "")
            .replace("{\"name\":\"source\",", "{\"name\":\"locale\",\"type\":\"string\",\"default\":\"\"},{\"name\":\"source\",");
    versions.addAll(List.of(second, third));
    RowType row =
        RowType.of(
            new LogicalType[] {
              DataTypes.STRING().getLogicalType(), DataTypes.STRING().getLogicalType(),
              DataTypes.BIGINT().getLogicalType(), DataTypes.STRING().getLogicalType(),
              DataTypes.STRING().getLogicalType()
            },
            new String[] {"promotion_id", "category", "points", "source", "reason"});
    ClickDecoder onTheSecond = decoder(row, second);
    List<String> found = new ArrayList<>();
    for (int round = 0; round < 2; round++) {
      for (int version = 0; version < 3; version++) {
        GenericRecord event = renamed(new Schema.Parser().parse(versions.get(version)));
        found.add(onTheSecond.decode(Messages.message(Clicks.bytes(event), "u1", (long) version)).toString());
      }
    }
    List<String> once = List.of("+I(ny,tea,7,app,null)", "+I(ny,tea,40,app,null)", "+I(ny,null,40,app,null)");
    assertEquals(List.of(once, once), List.of(found.subList(0, 3), found.subList(3, 6)));
  }

  /** An event with whatever a version calls its fields. */
  private static GenericRecord renamed(Schema version) {
    GenericRecord event = new GenericData.Record(version);
    GenericRecord same = Clicks.event(Map.of("category", "tea"));
    for (Schema.Field field : version.getFields()) {
      event.put(
          field.name(),
          switch (field.name()) {
            case "campaign_id", "promotion_id" -> "ny";
            case "points" -> 40L;
            case "locale" -> "zh";
            default -> same.get(field.name());
          });
    }
    return event;
  }

  @Test
  void defaultThatAvroWouldRefuseDoesNotStopTheJob() throws Exception {
    versions.set(0, versions.get(0).replace("\"default\":\"none\"", "\"default\":3"));
    assertTrue(versions.get(0).contains("\"default\":3"));
    assertEquals("ok", text(decode(Clicks.bytes(Clicks.event(Map.of()))), "verdict"));
  }

  @Test
  void decoderTravelsToTheTaskManagers() throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    InstantiationUtil.serializeObject(bytes, decoder);
    assertTrue(bytes.size() > 0);
  }

  private RowData decode(byte[] payload) throws IOException {
    return decoder.decode(Messages.message(payload, "u1", 0L));
  }

  private static String text(RowData row, String column) {
    int at = Clicks.at(column);
    return row.isNullAt(at) ? null : row.getString(at).toString();
  }
}
