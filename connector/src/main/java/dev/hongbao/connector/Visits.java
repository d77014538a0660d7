package dev.hongbao.connector;

import java.util.Arrays;

/**
 * The visits of one session that can still change: one, unless the shopper paused. A POJO of Flink's, as {@link Visit}
 * is.
 */
public class Visits {

  /** When a timer is due that is not set. */
  static final long NEVER = Long.MAX_VALUE;

  /** By time; none touches another. */
  public Visit[] visits = new Visit[0];
  public long timerMs = NEVER;

  /** Joins a stretch of time to the visits that it overlaps or touches, which become one; null where there is none. */
  Visit join(long startMs, long endMs) {
    int from = 0;
    while (from < visits.length && visits[from].endMs < startMs) {
      from++;
    }
    if (from == visits.length || visits[from].startMs > endMs) {
      return null;
    }
    Visit visit = visits[from];
    int to = from + 1;
    while (to < visits.length && visits[to].startMs <= endMs) {
      visit.merge(visits[to++]);
    }
    remove(from + 1, to);
    visit.startMs = Math.min(visit.startMs, startMs);
    visit.endMs = Math.max(visit.endMs, endMs);
    return visit;
  }

  /** Adds a visit that touches no other. */
  Visit open(long startMs, long endMs) {
    Visit visit = new Visit();
    visit.startMs = startMs;
    visit.endMs = endMs;
    int at = visits.length;
    while (at > 0 && visits[at - 1].startMs > startMs) {
      at--;
    }
    Visit[] more = Arrays.copyOf(visits, visits.length + 1);
    System.arraycopy(visits, at, more, at + 1, visits.length - at);
    more[at] = visit;
    visits = more;
    return visit;
  }

  /** Drops the visits that were over by then. */
  void forget(long byMs) {
    int over = 0;
    while (over < visits.length && visits[over].lastMs() <= byMs) {
      over++;
    }
    remove(0, over);
  }

  /** When the next visit is to give its row, or to be forgotten. */
  long nextMs(long latenessMs) {
    long next = NEVER;
    for (Visit visit : visits) {
      next = Math.min(next, visit.due ? visit.lastMs() : visit.lastMs() + latenessMs);
    }
    return next;
  }

  private void remove(int from, int to) {
    if (from == to) {
      return;
    }
    Visit[] left = Arrays.copyOf(visits, visits.length - (to - from));
    System.arraycopy(visits, to, left, from, visits.length - to);
    visits = left;
  }
}
