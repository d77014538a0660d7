package dev.hongbao.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.junit.jupiter.api.Test;

/** The quick way reads what Avro's own decoder reads, and refuses what that refuses. */
class PlainRecordsTest {

  private static final Schema ALL =
      SchemaBuilder.record("All").fields()
          .requiredString("text").optionalString("maybe").requiredLong("number").optionalInt("small")
          .requiredDouble("real").requiredBoolean("yes").requiredBytes("raw")
          .name("map").type().map().values().stringType().noDefault().endRecord();

  private final Random dice = new Random(29);

  @Test
  void eventsAreReadTheQuickWay() {
    assertNotNull(PlainRecords.of(Clicks.SCHEMA, Contract.load("click_event").schema()));
  }

  @Test
  void rulesAndDefaultsAreNoDifferenceInBytes() {
    Schema ruled = new Schema.Parser().parse(Clicks.SCHEMA.toString().replace("\"default\":\"web\"", "\"default\":\"app\""));
    assertNotNull(PlainRecords.of(ruled, Clicks.SCHEMA));
  }

  @Test
  void anotherOrderOfFieldsIsResolved() {
    Schema turned = SchemaBuilder.record("R").fields().requiredLong("b").requiredLong("a").endRecord();
    Schema plain = SchemaBuilder.record("R").fields().requiredLong("a").requiredLong("b").endRecord();
    assertNull(PlainRecords.of(turned, plain));
    assertNotNull(PlainRecords.of(plain, plain));
  }

  @Test
  void everyKindOfFieldComesAsAvroGivesIt() throws Exception {
    for (int i = 0; i < 500; i++) {
      assertSame(ALL, Clicks.bytes(record()), true);
    }
  }

  @Test
  void brokenBytesAreRefusedByBothOrByNeither() throws Exception {
    int read = 0;
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = Clicks.bytes(record());
      int at = dice.nextInt(bytes.length);
      switch (dice.nextInt(3)) {
        case 0 -> bytes[at] = (byte) dice.nextInt();
        case 1 -> bytes[at] ^= (byte) (1 << dice.nextInt(8));
        default -> bytes = java.util.Arrays.copyOf(bytes, at);
      }
      read += assertSame(ALL, bytes, false) ? 1 : 0;
    }
    assertTrue(read > 1_000 && read < 19_000, read + " of 20,000 were still records");
  }

  /** Gives whether the bytes are a record. */
  private static boolean assertSame(Schema schema, byte[] bytes, boolean must) throws IOException {
    String resolved = read(new AvroRows.Reader(schema, schema, null), schema, bytes);
    String plain = read(new AvroRows.Reader(schema, schema), schema, bytes);
    assertEquals(resolved, plain);
    assertTrue(plain != null || !must);
    return plain != null;
  }

  private static String read(AvroRows.Reader reader, Schema schema, byte[] bytes) {
    try {
      var row = reader.read(bytes);
      StringBuilder all = new StringBuilder();
      for (Schema.Field field : schema.getFields()) {
        Object value = row.getField(field.pos());
        all.append(value instanceof byte[] raw ? java.util.Arrays.toString(raw) : value).append('|');
      }
      return all.toString();
    } catch (IOException | RuntimeException e) {
      return null;
    }
  }

  private GenericRecord record() {
    GenericRecord record = new GenericData.Record(ALL);
    record.put("text", text());
    record.put("maybe", dice.nextBoolean() ? null : text());
    record.put("number", dice.nextLong() >> dice.nextInt(64));
    record.put("small", dice.nextBoolean() ? null : dice.nextInt() >> dice.nextInt(32));
    record.put("real", dice.nextGaussian());
    record.put("yes", dice.nextBoolean());
    record.put("raw", java.nio.ByteBuffer.wrap(text().getBytes()));
    Map<String, String> map = new HashMap<>();
    for (int i = dice.nextInt(3); i > 0; i--) {
      map.put(text(), text());
    }
    record.put("map", map);
    return record;
  }

  private String text() {
    return dice.ints(dice.nextInt(12), 'a', 'z' + 1)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .append(dice.nextInt(4) == 0 ? "红包" : "")
        .toString();
  }
}
