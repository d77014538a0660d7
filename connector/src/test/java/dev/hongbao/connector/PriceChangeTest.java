package dev.hongbao.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Instant;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.types.Row;
import org.junit.jupiter.api.Test;

class PriceChangeTest {

  @Test
  void whatTheTopicTellsIsARowAsItWasSent() {
    List<Schema.Field> fields = Contract.load(PriceChange.CONTRACT).schema().getFields();
    GenericRowData trigger = new GenericRowData(fields.size());
    Row wanted = new Row(fields.size() + 1);
    for (Schema.Field field : fields) {
      int number = field.pos() + 1;
      String name = field.name();
      if (name.endsWith("_percent") || name.equals("rule_version")) {
        set(trigger, wanted, field, number, number);
      } else if (name.equals("viewers") || name.equals("buyers")) {
        set(trigger, wanted, field, (long) number, (long) number);
      } else if (field.schema().getType() == Schema.Type.DOUBLE) {
        set(trigger, wanted, field, number / 8.0, number / 8.0);
      } else if (field.schema().getType() == Schema.Type.LONG) {
        set(trigger, wanted, field, TimestampData.fromEpochMillis(number), Instant.ofEpochMilli(number));
      } else {
        set(trigger, wanted, field, StringData.fromString(name), name);
      }
    }
    wanted.setField(TopicRecords.position(PriceChange.CONTRACT, "conversion_rate"), 11 / 10.0);
    wanted.setField(fields.size(), true);
    assertEquals(wanted, PriceChange.of(trigger).row(true));
  }

  private static void set(GenericRowData trigger, Row wanted, Schema.Field field, Object internal, Object external) {
    trigger.setField(field.pos(), internal);
    wanted.setField(field.pos(), external);
  }
}
