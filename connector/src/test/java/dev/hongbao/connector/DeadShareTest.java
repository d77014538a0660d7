package dev.hongbao.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class DeadShareTest {

  private static final long MINUTE_MS = DeadShare.MINUTE_MS;
  private final DeadShare share = new DeadShare(0.5, 10);

  private void events(int count, long arrivedMs) {
    for (int i = 0; i < count; i++) {
      share.count(arrivedMs, null);
    }
  }

  private void deadLetters(int count, long arrivedMs) {
    for (int i = 0; i < count; i++) {
      share.count(arrivedMs, "quantity is 0");
    }
  }

  @Test
  void shareItselfIsAllowedAndOneMoreIsNot() {
    events(5, 0);
    deadLetters(5, 0);
    StoppedException stopped = assertThrows(StoppedException.class, () -> deadLetters(1, 0));
    assertEquals(
        "6 of the 11 messages of one minute that a subtask read are no events, 55 %; the most is 50 % "
            + "(most_dead_share). The newest: quantity is 0. Correct the publisher or the contract, then submit with "
            + "--resume: nothing after the last checkpoint has been passed over",
        stopped.getMessage());
  }

  @Test
  void fewMessagesAreNotJudged() {
    deadLetters(9, 0);
    assertThrows(StoppedException.class, () -> deadLetters(1, 0));
  }

  @Test
  void eachMinuteIsCountedApart() {
    deadLetters(9, MINUTE_MS - 1);
    deadLetters(9, MINUTE_MS);
    deadLetters(9, 2 * MINUTE_MS);
    assertThrows(StoppedException.class, () -> deadLetters(1, MINUTE_MS + 5));
  }

  @Test
  void minutesThatPartitionsReadSideBySideDoNotMix() {
    events(100, 0);
    deadLetters(9, 5 * MINUTE_MS);
    events(1, 0);
    assertThrows(StoppedException.class, () -> deadLetters(1, 5 * MINUTE_MS));
  }
}
