package dev.hongbao.connector;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;

/** Events, their bytes, and the table that a job declares for them. */
final class Clicks {

  static final Schema SCHEMA = Contract.load("click_event").schema();
  static final RowType ROW = row();

  private Clicks() {}

  /** An event that holds its contract, with some fields changed. */
  static GenericRecord event(Map<String, Object> changes) {
    Map<String, Object> fields = new HashMap<>();
    fields.put("event_id", "01900000-0000-7000-8000-0000000000aa");
    fields.put("event_type", "product_viewed");
    fields.put("user_id", "u1");
    fields.put("session_id", "s1");
    fields.put("product_id", "p1");
    fields.put("price_minor", 9_900L);
    fields.put("currency", "CNY");
    fields.put("membership_tier", "gold");
    fields.put("occurred_at", Messages.PUBLISHED_MS - 1_000);
    fields.put("sent_at", Messages.PUBLISHED_MS);
    fields.put("source", "app");
    fields.put("properties", Map.of("colour", "red"));
    fields.putAll(changes);
    GenericRecord event = new GenericData.Record(SCHEMA);
    SCHEMA.getFields().forEach(field -> event.put(field.name(), fields.get(field.name())));
    return event;
  }

  static byte[] bytes(GenericRecord record) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
    new GenericDatumWriter<GenericRecord>(record.getSchema()).write(record, encoder);
    encoder.flush();
    return bytes.toByteArray();
  }

  private static RowType row() {
    List<String> names = new ArrayList<>();
    List<LogicalType> types = new ArrayList<>();
    for (Schema.Field field : SCHEMA.getFields()) {
      names.add(field.name());
      types.add(
          switch (field.name()) {
            case "quantity" -> DataTypes.INT().getLogicalType();
            case "price_minor" -> DataTypes.BIGINT().getLogicalType();
            case "occurred_at", "sent_at" -> DataTypes.TIMESTAMP_LTZ(3).getLogicalType();
            case "properties" -> DataTypes.MAP(DataTypes.STRING(), DataTypes.STRING()).getLogicalType();
            default -> DataTypes.STRING().getLogicalType();
          });
    }
    for (String text : List.of("verdict", "shopper_id", "message_id", "topic", "message_key", "reason", "field")) {
      names.add(text);
      types.add(DataTypes.STRING().getLogicalType());
    }
    names.addAll(List.of("schema_version", "late_by_ms", "payload", "watermark_at", "message_properties"));
    types.addAll(
        List.of(
            DataTypes.BIGINT().getLogicalType(), DataTypes.BIGINT().getLogicalType(),
            DataTypes.BYTES().getLogicalType(), DataTypes.TIMESTAMP_LTZ(3).getLogicalType(),
            DataTypes.MAP(DataTypes.STRING(), DataTypes.STRING()).getLogicalType()));
    return RowType.of(types.toArray(LogicalType[]::new), names.toArray(String[]::new));
  }

  static int at(String column) {
    return ROW.getFieldIndex(column);
  }
}
