package dev.hongbao.connector;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.io.ResolvingDecoder;
import org.apache.avro.util.Utf8;
import org.apache.flink.table.data.ArrayData;
import org.apache.flink.table.data.GenericMapData;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.MapData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.data.binary.BinaryStringData;

/** Turns Avro bytes into the planner's rows and back, with nothing in between. */
final class AvroRows {

  private AvroRows() {}

  /** Reads records of one writer's schema as rows of the reader's. Not for several threads. */
  static final class Reader {

    static {
      // A length that garbage claims must not be allocated. Avro reads these once, when it first reads.
      for (String limit : new String[] {"string", "bytes", "collectionItems"}) {
        System.setProperty("org.apache.avro.limits." + limit + ".maxLength", String.valueOf(16 << 20));
      }
    }

    /** A longer text's buffer is let go: garbage may have claimed it. */
    private static final int KEPT_BYTES = 64 << 10;

    private static final Schema KEY = Schema.create(Schema.Type.STRING);

    private final Schema schema;
    /** Null where the writer's schema is another one. */
    private final PlainRecords plain;
    private final ResolvingDecoder resolving;
    private BinaryDecoder bytes;
    private Utf8 text = new Utf8();

    Reader(Schema writer, Schema reader) throws IOException {
      this(writer, reader, PlainRecords.of(writer, reader));
    }

    Reader(Schema writer, Schema reader, PlainRecords plain) throws IOException {
      this.schema = reader;
      this.plain = plain;
      this.resolving =
          DecoderFactory.get().resolvingDecoder(Schema.applyAliases(writer, reader), reader, null);
    }

    /** Reads one record; throws where the bytes are not exactly one. */
    GenericRowData read(byte[] payload) throws IOException {
      if (plain != null) {
        return plain.read(payload);
      }
      try {
        return record(payload);
      } finally {
        if (text.getBytes().length > KEPT_BYTES) {
          text = new Utf8();
        }
      }
    }

    private GenericRowData record(byte[] payload) throws IOException {
      bytes = DecoderFactory.get().binaryDecoder(payload, bytes);
      resolving.configure(bytes);
      GenericRowData row = new GenericRowData(schema.getFields().size());
      for (Schema.Field field : resolving.readFieldOrder()) {
        row.setField(field.pos(), value(field.schema()));
      }
      resolving.drain();
      if (!bytes.isEnd()) {
        throw new IOException("bytes are left after the record");
      }
      return row;
    }

    private Object value(Schema type) throws IOException {
      switch (type.getType()) {
        case UNION:
          return value(type.getTypes().get(resolving.readIndex()));
        case NULL:
          resolving.readNull();
          return null;
        case STRING:
          text = resolving.readString(text);
          Utf8Text.check(text.getBytes(), 0, text.getByteLength());
          byte[] copy = new byte[text.getByteLength()];
          System.arraycopy(text.getBytes(), 0, copy, 0, copy.length);
          return BinaryStringData.fromBytes(copy);
        case LONG:
          long number = resolving.readLong();
          return isTime(type) ? TimestampData.fromEpochMillis(number) : (Object) number;
        case INT:
          return resolving.readInt();
        case DOUBLE:
          return resolving.readDouble();
        case BOOLEAN:
          return resolving.readBoolean();
        case BYTES:
          ByteBuffer buffer = resolving.readBytes(null);
          byte[] content = new byte[buffer.remaining()];
          buffer.get(content);
          return content;
        case MAP:
          Map<StringData, Object> map = new HashMap<>();
          for (long n = resolving.readMapStart(); n > 0; n = resolving.mapNext()) {
            for (long i = 0; i < n; i++) {
              Object key = value(KEY);
              map.put((StringData) key, value(type.getValueType()));
            }
          }
          return new GenericMapData(map);
        default:
          throw new IOException("the connector has no column type for Avro " + type.getType());
      }
    }
  }

  /** Writes rows as records of one schema; {@code columns[i]} is the row's position of field i. */
  static final class Writer {

    private final Schema schema;
    private final int[] columns;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
    private BinaryEncoder encoder;

    Writer(Schema schema, int[] columns) {
      this.schema = schema;
      this.columns = columns;
    }

    byte[] write(RowData row) throws IOException {
      bytes.reset();
      encoder = EncoderFactory.get().binaryEncoder(bytes, encoder);
      for (Schema.Field field : schema.getFields()) {
        write(field.schema(), row, columns[field.pos()], field.name());
      }
      encoder.flush();
      return bytes.toByteArray();
    }

    private void write(Schema type, RowData row, int column, String field) throws IOException {
      boolean absent = row.isNullAt(column);
      if (type.getType() == Schema.Type.UNION) {
        int branch = 0;
        while ((type.getTypes().get(branch).getType() == Schema.Type.NULL) != absent) {
          branch++;
        }
        encoder.writeIndex(branch);
        type = type.getTypes().get(branch);
      } else if (absent) {
        throw new IOException(schema.getName() + "." + field + " is NULL, but the contract requires it");
      }
      switch (type.getType()) {
        case NULL -> encoder.writeNull();
        case STRING -> encoder.writeString(new Utf8(row.getString(column).toBytes()));
        case INT -> encoder.writeInt(row.getInt(column));
        case LONG ->
            encoder.writeLong(isTime(type) ? row.getTimestamp(column, 3).getMillisecond() : row.getLong(column));
        case DOUBLE -> encoder.writeDouble(row.getDouble(column));
        case BOOLEAN -> encoder.writeBoolean(row.getBoolean(column));
        case BYTES -> encoder.writeBytes(row.getBinary(column));
        case MAP -> writeMap(row.getMap(column));
        default -> throw new IOException("the connector cannot write Avro " + type.getType());
      }
    }

    private void writeMap(MapData map) throws IOException {
      ArrayData keys = map.keyArray();
      ArrayData values = map.valueArray();
      encoder.writeMapStart();
      encoder.setItemCount(map.size());
      for (int i = 0; i < map.size(); i++) {
        encoder.startItem();
        encoder.writeString(new Utf8(keys.getString(i).toBytes()));
        encoder.writeString(new Utf8(values.isNullAt(i) ? new byte[0] : values.getString(i).toBytes()));
      }
      encoder.writeMapEnd();
    }
  }

  private static boolean isTime(Schema type) {
    return type.getLogicalType() instanceof LogicalTypes.TimestampMillis;
  }
}
