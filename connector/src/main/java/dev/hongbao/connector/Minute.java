package dev.hongbao.connector;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.base.TypeSerializerSingleton;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * The funnel of one minute: who did what in which ten seconds, and the counts that follow from it.
 *
 * <p>Figures are the four steps' distinct shoppers and the distinct orders. A shopper or order is one entry of a map
 * from its name to a bit for each of six slices and five figures; an order named like a shopper shares the entry and
 * no bit. Counts are kept as bits are set, so a window's
 * result is read, never computed: it costs the same for one shopper and a million.
 */
final class Minute {

  static final int SLICES = 6;
  static final int FIGURES = 5;
  static final int ORDERS = 4;
  static final int WHOLE = SLICES;
  static final int HOP = SLICES + 1;
  private static final int SLICE_BITS = (1 << FIGURES) - 1;

  private Map<String, Integer> marks;
  private boolean shared;
  /** Of each slice, of the minute, and of the five minutes that start with this one. */
  final long[] slices = new long[SLICES * FIGURES];
  final long[] minute = new long[FIGURES];
  final long[] hop = new long[FIGURES];
  final long[] revenueMinor = new long[SLICES];
  /** A bit a window: its six slices, the minute ({@link #WHOLE}), the five minutes that start with it ({@link #HOP}). */
  int hasEvents;

  int published;
  int stale;

  Minute() {
    this.marks = new HashMap<>();
  }

  private Minute(Map<String, Integer> marks) {
    this.marks = marks;
  }

  /** Sets a bit; tells whether the minute had it in no slice before. */
  boolean mark(String who, int slice, int figure) {
    int before = marks.getOrDefault(who, 0);
    int bit = 1 << slice * FIGURES + figure;
    if ((before & bit) != 0) {
      return false;
    }
    if (shared) {
      marks = new HashMap<>(marks);
      shared = false;
    }
    marks.put(who, before | bit);
    slices[slice * FIGURES + figure]++;
    if (has(before, figure)) {
      return false;
    }
    minute[figure]++;
    return true;
  }

  boolean has(String who, int figure) {
    return has(marks.getOrDefault(who, 0), figure);
  }

  private static boolean has(int marks, int figure) {
    for (int slice = 0; slice < SLICES; slice++, marks >>>= FIGURES) {
      if ((marks & SLICE_BITS & 1 << figure) != 0) {
        return true;
      }
    }
    return false;
  }

  long revenueMinor() {
    long sum = 0;
    for (long slice : revenueMinor) {
      sum += slice;
    }
    return sum;
  }

  /** Writes a minute; copies one by sharing its map until either writes. */
  static final class Serializer extends TypeSerializerSingleton<Minute> {

    private static final long serialVersionUID = 1L;
    static final Serializer INSTANCE = new Serializer();

    @Override
    public boolean isImmutableType() {
      return false;
    }

    @Override
    public Minute createInstance() {
      return new Minute();
    }

    /** A checkpoint keeps the old one and never writes it, so only the copy has to clone before it does. */
    @Override
    public Minute copy(Minute from) {
      Minute copy = new Minute(from.marks);
      copy.shared = true;
      System.arraycopy(from.slices, 0, copy.slices, 0, from.slices.length);
      System.arraycopy(from.minute, 0, copy.minute, 0, from.minute.length);
      System.arraycopy(from.hop, 0, copy.hop, 0, from.hop.length);
      System.arraycopy(from.revenueMinor, 0, copy.revenueMinor, 0, from.revenueMinor.length);
      copy.hasEvents = from.hasEvents;
      copy.published = from.published;
      copy.stale = from.stale;
      from.shared = true;
      return copy;
    }

    @Override
    public Minute copy(Minute from, Minute reuse) {
      return copy(from);
    }

    @Override
    public int getLength() {
      return -1;
    }

    @Override
    public void serialize(Minute minute, DataOutputView target) throws IOException {
      target.writeInt(minute.marks.size());
      for (Map.Entry<String, Integer> mark : minute.marks.entrySet()) {
        target.writeUTF(mark.getKey());
        target.writeInt(mark.getValue());
      }
      for (long[] counts : minute.counts()) {
        for (long count : counts) {
          target.writeLong(count);
        }
      }
      target.writeInt(minute.hasEvents);
      target.writeInt(minute.published);
      target.writeInt(minute.stale);
    }

    @Override
    public Minute deserialize(DataInputView source) throws IOException {
      int size = source.readInt();
      Map<String, Integer> marks = new HashMap<>(size * 2);
      for (int i = 0; i < size; i++) {
        marks.put(source.readUTF(), source.readInt());
      }
      Minute minute = new Minute(marks);
      for (long[] counts : minute.counts()) {
        for (int i = 0; i < counts.length; i++) {
          counts[i] = source.readLong();
        }
      }
      minute.hasEvents = source.readInt();
      minute.published = source.readInt();
      minute.stale = source.readInt();
      return minute;
    }

    @Override
    public Minute deserialize(Minute reuse, DataInputView source) throws IOException {
      return deserialize(source);
    }

    @Override
    public void copy(DataInputView source, DataOutputView target) throws IOException {
      serialize(deserialize(source), target);
    }

    @Override
    public TypeSerializerSnapshot<Minute> snapshotConfiguration() {
      return new Snapshot();
    }

    /** This format has one version. */
    @SuppressWarnings("WeakerAccess")
    public static final class Snapshot extends SimpleTypeSerializerSnapshot<Minute> {
      public Snapshot() {
        super(() -> INSTANCE);
      }
    }
  }

  private long[][] counts() {
    return new long[][] {slices, minute, hop, revenueMinor};
  }
}
