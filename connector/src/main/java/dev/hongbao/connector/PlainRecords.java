package dev.hongbao.connector;

import java.io.EOFException;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.flink.core.memory.MemorySegment;
import org.apache.flink.core.memory.MemorySegmentFactory;
import org.apache.flink.table.data.GenericMapData;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.data.binary.BinaryStringData;

/**
 * Reads records whose writer had the reader's own fields, in its order: nearly every one.
 *
 * <p>A text is a view of the payload, not a copy of it: half the garbage of an event (docs/performance.md). Whoever
 * keeps a text for longer than its row copies it, or it holds the whole payload.
 */
final class PlainRecords {

  private enum Kind { TEXT, LONG, TIME, INT, DOUBLE, BOOLEAN, BYTES, MAP }

  private final Kind[] kinds;
  /** The union's branch that is null, or -1 where the field is no union. */
  private final int[] nullBranches;
  private byte[] payload;
  private MemorySegment[] segments;
  private int at;

  private PlainRecords(Kind[] kinds, int[] nullBranches) {
    this.kinds = kinds;
    this.nullBranches = nullBranches;
  }

  /** Gives null where the writer's bytes must be resolved, or a field is of a type that is not read here. */
  static PlainRecords of(Schema writer, Schema reader) {
    if (!SchemaNormalization.toParsingForm(writer).equals(SchemaNormalization.toParsingForm(reader))) {
      return null;
    }
    List<Schema.Field> fields = reader.getFields();
    Kind[] kinds = new Kind[fields.size()];
    int[] nullBranches = new int[fields.size()];
    for (int i = 0; i < kinds.length; i++) {
      Schema type = fields.get(i).schema();
      nullBranches[i] = -1;
      if (type.getType() == Schema.Type.UNION) {
        if (type.getTypes().size() != 2 || !type.isNullable()) {
          return null;
        }
        nullBranches[i] = type.getTypes().get(0).getType() == Schema.Type.NULL ? 0 : 1;
        type = type.getTypes().get(1 - nullBranches[i]);
      }
      kinds[i] = kind(type);
      if (kinds[i] == null) {
        return null;
      }
    }
    return new PlainRecords(kinds, nullBranches);
  }

  private static Kind kind(Schema type) {
    return switch (type.getType()) {
      case STRING -> Kind.TEXT;
      case LONG -> type.getLogicalType() instanceof LogicalTypes.TimestampMillis ? Kind.TIME : Kind.LONG;
      case INT -> Kind.INT;
      case DOUBLE -> Kind.DOUBLE;
      case BOOLEAN -> Kind.BOOLEAN;
      case BYTES -> Kind.BYTES;
      case MAP -> type.getValueType().getType() == Schema.Type.STRING ? Kind.MAP : null;
      default -> null;
    };
  }

  /** Reads one record; throws where the bytes are not exactly one. */
  GenericRowData read(byte[] bytes) throws IOException {
    payload = bytes;
    segments = new MemorySegment[] {MemorySegmentFactory.wrap(bytes)};
    at = 0;
    GenericRowData row = new GenericRowData(kinds.length);
    for (int i = 0; i < kinds.length; i++) {
      row.setField(i, isNull(nullBranches[i]) ? null : value(kinds[i]));
    }
    if (at < bytes.length) {
      throw new IOException("bytes are left after the record");
    }
    payload = null;
    segments = null;
    return row;
  }

  private boolean isNull(int nullBranch) throws IOException {
    if (nullBranch < 0) {
      return false;
    }
    int branch = small();
    if (branch < 0 || branch > 1) {
      throw new IOException("branch " + branch + " of a union of 2");
    }
    return branch == nullBranch;
  }

  private Object value(Kind kind) throws IOException {
    return switch (kind) {
      case TEXT -> text();
      case LONG -> integer();
      case TIME -> TimestampData.fromEpochMillis(integer());
      case INT -> small();
      case DOUBLE -> Double.longBitsToDouble(littleEndian());
      case BOOLEAN -> payload[skip(1)] == 1;
      case BYTES -> {
        int size = size();
        byte[] copy = new byte[size];
        System.arraycopy(payload, skip(size), copy, 0, size);
        yield copy;
      }
      case MAP -> map();
    };
  }

  private BinaryStringData text() throws IOException {
    int size = size();
    int from = skip(size);
    Utf8Text.check(payload, from, size);
    return BinaryStringData.fromAddress(segments, from, size);
  }

  private GenericMapData map() throws IOException {
    Map<StringData, StringData> map = new HashMap<>();
    for (long entries = integer(); entries != 0; entries = integer()) {
      if (entries < 0) {
        // The block's size in bytes follows, for who passes over it.
        integer();
        entries = -entries;
      }
      for (; entries != 0; entries--) {
        StringData key = text();
        map.put(key, text());
      }
    }
    return new GenericMapData(map);
  }

  /** Gives the next {@code size} bytes' place and passes over them. */
  private int skip(int size) throws IOException {
    if (size > payload.length - at) {
      throw new EOFException("the record ends within a field");
    }
    int from = at;
    at += size;
    return from;
  }

  private int size() throws IOException {
    long size = integer();
    if (size < 0 || size > payload.length) {
      throw new EOFException("a field of " + size + " bytes in a record of " + payload.length);
    }
    return (int) size;
  }

  private long integer() throws IOException {
    long bits = bits(10);
    return bits >>> 1 ^ -(bits & 1);
  }

  /** What overflows is lost, as Avro loses it. */
  private int small() throws IOException {
    int bits = (int) bits(5);
    return bits >>> 1 ^ -(bits & 1);
  }

  /** Reads the varint before its sign is told apart. */
  private long bits(int mostBytes) throws IOException {
    long bits = 0;
    for (int i = 0; i < mostBytes; i++) {
      byte next = payload[skip(1)];
      bits |= (next & 0x7FL) << 7 * i;
      if (next >= 0) {
        return bits;
      }
    }
    throw new IOException("a number of more than " + mostBytes + " bytes");
  }

  private long littleEndian() throws IOException {
    int from = skip(Long.BYTES);
    long bits = 0;
    for (int i = Long.BYTES - 1; i >= 0; i--) {
      bits = bits << 8 | payload[from + i] & 0xFFL;
    }
    return bits;
  }
}
