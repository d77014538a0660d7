package dev.hongbao.connector;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.flink.table.data.RowData;
import org.junit.jupiter.api.Test;

class AvroRowsTest {

  @Test
  void olderNewerAndRenamingWritersAreUnderstood() throws Exception {
    Schema reader =
        new Schema.Parser()
            .parse(
                "{\"type\":\"record\",\"name\":\"R\",\"fields\":["
                    + "{\"name\":\"shopper\",\"type\":\"string\",\"aliases\":[\"customer\"]},"
                    + "{\"name\":\"pieces\",\"type\":\"long\"},"
                    + "{\"name\":\"tier\",\"type\":\"string\",\"default\":\"none\"}]}");
    Schema writer =
        SchemaBuilder.record("R").fields().requiredInt("pieces").requiredString("removed_since")
            .requiredString("customer").endRecord();
    GenericRecord written = new GenericData.Record(writer);
    written.put("pieces", 3);
    written.put("removed_since", "x");
    written.put("customer", "u1");
    RowData row = new AvroRows.Reader(writer, reader).read(Clicks.bytes(written));
    assertEquals("u1", row.getString(0).toString());
    assertEquals(3L, row.getLong(1));
    assertEquals("none", row.getString(2).toString());
  }

  @Test
  void whatTheWriterWritesTheReaderReads() throws Exception {
    Contract contract = Contract.load("click_event");
    RowData event = new AvroRows.Reader(contract.schema(), contract.schema()).read(Clicks.bytes(Clicks.event(Map.of())));
    int[] columns = contract.schema().getFields().stream().mapToInt(Schema.Field::pos).toArray();
    byte[] again = new AvroRows.Writer(contract.schema(), columns).write(event);
    assertArrayEquals(Clicks.bytes(Clicks.event(Map.of())), again);
  }
}
