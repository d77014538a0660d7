package dev.hongbao.connector;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.apache.avro.Schema;
import org.apache.flink.table.data.GenericMapData;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.data.binary.BinaryStringData;

/** A record's Avro schema from this jar, with the rules its fields carry. */
final class Contract {

  /** What is wrong with an event: the field at fault and a sentence. */
  record Violation(String field, String reason) {}

  /** One field's rules; positions are the schema's. */
  private interface Rule {
    /** Gives a sentence when the value breaks the rule. Absent values never do. */
    String broken(Object value, StringData eventType, long nowMs);
  }

  private final Schema schema;
  private final Rule[][] rules;
  private final int eventType;
  private final int userId;
  private final int anonymousId;

  private Contract(Schema schema) {
    this.schema = schema;
    this.rules =
        schema.getFields().stream().map(field -> rulesOf(field).toArray(Rule[]::new)).toArray(Rule[][]::new);
    this.eventType = position("event_type");
    this.userId = position("user_id");
    this.anonymousId = position("anonymous_id");
  }

  /** Loads {@code schemas/<name>.avsc} from the jar, or parses an .avsc that a job brings along. */
  static Contract load(String nameOrSchema) {
    return nameOrSchema.startsWith("{") ? of(new Schema.Parser().parse(nameOrSchema)) : fromJar(nameOrSchema);
  }

  private static Contract fromJar(String name) {
    String path = "/schemas/" + name + ".avsc";
    try (InputStream file = Contract.class.getResourceAsStream(path)) {
      if (file == null) {
        throw new IllegalArgumentException("no contract " + name + " in the connector's jar; rebuild it");
      }
      return new Contract(new Schema.Parser().parse(file));
    } catch (IOException e) {
      throw new IllegalStateException("cannot read " + path + " from the connector's jar", e);
    }
  }

  static Contract of(Schema schema) {
    return new Contract(schema);
  }

  Schema schema() {
    return schema;
  }

  /** Gives the field's place in the record, or -1. */
  int position(String field) {
    Schema.Field found = schema.getField(field);
    return found == null ? -1 : found.pos();
  }

  /** Gives the first rule an event breaks, or null; {@code nowMs} is when the broker took it. */
  Violation violation(GenericRowData event, long nowMs) {
    StringData type = eventType < 0 || event.isNullAt(eventType) ? null : event.getString(eventType);
    for (int i = 0; i < rules.length; i++) {
      Object value = event.getField(i);
      for (Rule rule : rules[i]) {
        String reason = rule.broken(value, type, nowMs);
        if (reason != null) {
          String field = schema.getFields().get(i).name();
          return new Violation(field, field + " " + reason);
        }
      }
    }
    if (userId >= 0 && anonymousId >= 0 && empty(event.getField(userId)) && empty(event.getField(anonymousId))) {
      return new Violation("user_id", "user_id and anonymous_id are both missing; one is required");
    }
    return null;
  }

  private static boolean empty(Object text) {
    return text == null || text instanceof BinaryStringData string && string.getSizeInBytes() == 0;
  }

  private static List<Rule> rulesOf(Schema.Field field) {
    List<Rule> rules = new ArrayList<>();
    if (field.getObjectProp("required_for") instanceof List<?> types) {
      Set<StringData> needing = texts(types);
      rules.add(
          (value, type, now) ->
              empty(value) && needing.contains(type) ? "is missing; " + type + " requires it" : null);
    }
    if (field.getObjectProp("allowed") instanceof List<?> allowed) {
      Set<StringData> texts = texts(allowed);
      rules.add(
          (value, type, now) ->
              value == null || texts.contains(value)
                  ? null
                  : "is '" + shortened(value) + "'; it must be one of "
                      + (texts.size() > 8 ? "the " + texts.size() + " in the contract" : allowed));
    }
    if (field.getObjectProp("pattern") instanceof String name) {
      Predicate<BinaryStringData> pattern = name.equals("uuid") ? Contract::isUuid : Contract::isCurrency;
      String kind = name.equals("uuid") ? "a UUID" : "three capital letters";
      rules.add(
          (value, type, now) ->
              value == null || pattern.test((BinaryStringData) value)
                  ? null
                  : "is '" + shortened(value) + "'; it must be " + kind);
    }
    if (field.getObjectProp("minimum") instanceof Number least) {
      rules.add(
          (value, type, now) ->
              value instanceof Number n && n.longValue() < least.longValue()
                  ? "is " + n + "; the least is " + least
                  : null);
    }
    if (field.getObjectProp("maximum") instanceof Number most) {
      rules.add(
          (value, type, now) ->
              value instanceof Number n && n.longValue() > most.longValue() ? "is " + n + "; the most is " + most : null);
    }
    if (field.getObjectProp("max_length") instanceof Number most) {
      rules.add(
          (value, type, now) ->
              value != null && isLonger((BinaryStringData) value, most.intValue())
                  ? "has " + characters(value) + " characters; the most is " + most
                  : null);
    }
    if (field.getObjectProp("max_entries") instanceof Number most) {
      rules.add(
          (value, type, now) ->
              value instanceof GenericMapData map && map.size() > most.intValue()
                  ? "has " + map.size() + " entries; the most is " + most
                  : null);
    }
    if (field.getObjectProp("max_ahead_ms") instanceof Number most) {
      rules.add(
          (value, type, now) ->
              value instanceof TimestampData at && at.getMillisecond() > now + most.longValue()
                  ? "is " + at.toInstant() + ", " + apart(at.getMillisecond(), now) + " ms ahead; the most is " + most
                      + " ms"
                  : null);
    }
    if (field.getObjectProp("max_behind_ms") instanceof Number most) {
      rules.add(
          (value, type, now) ->
              value instanceof TimestampData at && at.getMillisecond() < now - most.longValue()
                  ? "is " + at.toInstant() + ", " + apart(now, at.getMillisecond()) + " ms behind; the most is " + most
                      + " ms"
                  : null);
    }
    return rules;
  }

  /** Any two longs are less than 2^64 apart. */
  private static String apart(long later, long earlier) {
    return Long.toUnsignedString(later - earlier);
  }

  private static Set<StringData> texts(List<?> texts) {
    Set<StringData> set = new HashSet<>();
    texts.forEach(text -> set.add(StringData.fromString(text.toString())));
    return set;
  }

  /** A text of so many bytes has no more characters: nearly every one is spared its decoding. */
  private static boolean isLonger(BinaryStringData text, int most) {
    return text.getSizeInBytes() > most && characters(text) > most;
  }

  /** Counts as Python's len() does. */
  private static int characters(Object text) {
    String string = text.toString();
    return string.codePointCount(0, string.length());
  }

  private static boolean isUuid(BinaryStringData text) {
    if (text.getSizeInBytes() != 36) {
      return false;
    }
    for (int i = 0; i < 36; i++) {
      byte at = text.byteAt(i);
      boolean dash = i == 8 || i == 13 || i == 18 || i == 23;
      if (dash ? at != '-' : Character.digit(at, 16) < 0) {
        return false;
      }
    }
    return true;
  }

  private static boolean isCurrency(BinaryStringData text) {
    if (text.getSizeInBytes() != 3) {
      return false;
    }
    for (int i = 0; i < 3; i++) {
      if (text.byteAt(i) < 'A' || text.byteAt(i) > 'Z') {
        return false;
      }
    }
    return true;
  }

  private static String shortened(Object value) {
    String text = value.toString();
    return text.length() > 64 ? text.substring(0, 64) + "…" : text;
  }
}
