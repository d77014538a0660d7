package dev.hongbao.connector;

import java.util.HashMap;
import java.util.Map;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.binary.BinaryStringData;

/**
 * Gives equal texts as one object: event types and products come again with every shopper, and state keeps them.
 *
 * <p>At most {@value #MOST} are known at a time; a shop with more products begins anew when they are full.
 */
final class Texts {

  static final int MOST = 10_000;

  private final Map<StringData, String> known = new HashMap<>();

  /** Gives the column's text; null where it has none. */
  String of(RowData row, int position) {
    if (row.isNullAt(position)) {
      return null;
    }
    StringData text = row.getString(position);
    String found = known.get(text);
    if (found == null) {
      if (known.size() == MOST) {
        known.clear();
      }
      found = text.toString();
      known.put(((BinaryStringData) text).copy(), found);
    }
    return found;
  }
}
