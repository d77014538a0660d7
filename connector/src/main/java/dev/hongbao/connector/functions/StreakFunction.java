package dev.hongbao.connector.functions;

import java.util.Arrays;
import org.apache.flink.table.functions.AggregateFunction;

/**
 * Counts hits of the last {@code withinMs} since the last reset: {@code STREAK(hit, reset, atMs, withinMs)}.
 *
 * <p>Rows come in arrival order; an old row counts by its own time. At most {@value #MOST} hits are
 * remembered, so a bot costs no more than a shopper.
 */
public final class StreakFunction extends AggregateFunction<Integer, StreakFunction.Streak> {

  /** The largest count that can be told apart. */
  public static final int MOST = 64;

  /** The times of the hits that may still count, oldest arrival first. */
  public static class Streak {
    public long[] hits = new long[0];
  }

  @Override
  public Streak createAccumulator() {
    return new Streak();
  }

  @Override
  public Integer getValue(Streak streak) {
    return streak.hits.length;
  }

  /** Takes one row; {@code atMs} and {@code withinMs} are milliseconds. */
  public void accumulate(Streak streak, Boolean hit, Boolean reset, Long atMs, Long withinMs) {
    if (Boolean.TRUE.equals(reset)) {
      streak.hits = new long[0];
    }
    if (!Boolean.TRUE.equals(hit) || atMs == null || withinMs == null) {
      return;
    }
    long[] kept = new long[Math.min(streak.hits.length, MOST - 1) + 1];
    int size = 0;
    int first = Math.max(0, streak.hits.length - (MOST - 1));
    for (int i = first; i < streak.hits.length; i++) {
      if (streak.hits[i] >= atMs - withinMs) {
        kept[size++] = streak.hits[i];
      }
    }
    kept[size++] = atMs;
    streak.hits = size == kept.length ? kept : Arrays.copyOf(kept, size);
  }
}
