package dev.hongbao.connector;

import java.io.Serializable;
import java.util.Locale;

/**
 * Stops a job when more than a share of a minute's messages are no events: a broken publisher or contract must not
 * drain the stream into quarantine.
 *
 * <p>Minutes are the broker's, of arrival, so a backlog is judged as the live stream would have been. Each subtask
 * counts what it reads. A minute is judged with every dead letter once {@code least} messages of it were read, not only
 * at its end: in a flash sale half a minute is a million messages. A minute with fewer is never judged.
 */
final class DeadShare implements Serializable {

  private static final long serialVersionUID = 1L;
  static final long MINUTE_MS = 60_000;
  /** While catching up, partitions differ by minutes. */
  private static final int MINUTES = 16;

  private final double most;
  private final int least;
  private final long[] minutes = new long[MINUTES];
  private final long[] read = new long[MINUTES];
  private final long[] dead = new long[MINUTES];

  /**
   * Stops above {@code most}, from 0 to 1, of at least {@code least} messages.
   */
  DeadShare(double most, int least) {
    this.most = most;
    this.least = least;
  }

  /**
   * Counts a message that arrived at {@code arrivedMs}; {@code reason} is why it is no event, null for one that is.
   *
   * @throws StoppedException when its minute has too many dead letters; it says the newest's reason
   */
  void count(long arrivedMs, String reason) {
    long minute = Math.floorDiv(arrivedMs, MINUTE_MS);
    int at = (int) Math.floorMod(minute, (long) MINUTES);
    if (minutes[at] != minute) {
      minutes[at] = minute;
      read[at] = 0;
      dead[at] = 0;
    }
    read[at]++;
    if (reason == null) {
      return;
    }
    dead[at]++;
    if (read[at] >= least && dead[at] > most * read[at]) {
      throw new StoppedException(
          String.format(
              Locale.ROOT,
              "%d of the %d messages of one minute that a subtask read are no events, %.0f %%; the most is %.0f %% "
                  + "(most_dead_share). The newest: %s. Correct the publisher or the contract, then submit with "
                  + "--resume: nothing after the last checkpoint has been passed over",
              dead[at], read[at], 100.0 * dead[at] / read[at], 100 * most, reason));
    }
  }
}
