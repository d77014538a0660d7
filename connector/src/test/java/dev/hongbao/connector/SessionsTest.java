package dev.hongbao.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import org.apache.flink.streaming.api.operators.KeyedProcessOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.table.data.RowData;
import org.apache.flink.types.Row;
import org.junit.jupiter.api.Test;

class SessionsTest {

  private static final long GAP_MS = 10;
  private static final long LATENESS_MS = 30;
  private static final List<String> TYPES =
      List.of("product_viewed", "product_added", "checkout_started", "order_completed", "coupon_shown");

  @Test
  void rowsAreThoseOfFlinksMergingWindowsThroughLateEventsAndRestarts() throws Exception {
    int rows = 0;
    for (long latenessMs : new long[] {0, 7, LATENESS_MS}) {
      try (var flinks = new Windows(() -> MergingWindows.operator(Windows.ROWS, GAP_MS, latenessMs));
          var ours = new Windows(sessions(latenessMs))) {
        for (int seed = 0; seed < 200; seed++) {
          String run = "lateness " + latenessMs + ", seed " + seed;
          run(new Random(seed), seed * 10_000L, flinks, ours, run);
          assertEquals(flinks.rows, ours.rows, run);
          rows += flinks.told().size();
          ours.told();
        }
      }
    }
    assertTrue(rows > 10_000, "only " + rows + " rows compared");
  }

  /** Sixty events of three sessions around a clock that the watermark follows; a restart forgets the watermark. */
  private static void run(Random random, long startMs, Windows flinks, Windows ours, String run) throws Exception {
    long nowMs = startMs;
    for (int i = 0; i < 60; i++) {
      nowMs += random.nextInt(8);
      long atMs = nowMs - (random.nextInt(4) == 0 ? random.nextInt(70) : random.nextInt(12));
      String session = "s" + random.nextInt(3);
      String type = TYPES.get(random.nextInt(TYPES.size()));
      String order = "o" + random.nextInt(4);
      Long minor = random.nextInt(5) == 0 ? null : (long) random.nextInt(100);
      boolean restarts = random.nextInt(100) == 0;
      boolean advances = random.nextInt(3) == 0;
      for (Windows windows : List.of(flinks, ours)) {
        windows.harness.setProcessingTime(nowMs);
        windows.take(session, "u", type, atMs, order, minor);
        if (restarts) {
          windows.restart();
        }
        if (advances) {
          windows.advance(nowMs - 5);
        }
      }
      assertEquals(flinks.isEmpty(), ours.isEmpty(), run + ": one of them has forgotten all after event " + i);
      assertEquals(flinks.dropped(), ours.dropped(), run + ": dropped after event " + i);
    }
    flinks.advance(nowMs + 1_000);
    ours.advance(nowMs + 1_000);
    assertTrue(ours.isEmpty(), run);
  }

  @Test
  void visitGivesItsRowOnceWhenTheWatermarkReachesItsLastMillisecond() throws Exception {
    try (var visits = visits()) {
      visits.view(100);
      visits.view(105);
      visits.advance(113);
      assertEquals(List.of(), visits.told());
      visits.advance(114);
      assertEquals(List.of("100-115 views 2"), visits.told());
      visits.advance(1_000);
      assertEquals(List.of(), visits.told());
    }
  }

  @Test
  void eventAtTheEndGoesOnWithTheVisitAndOneMillisecondLaterOpensAnother() throws Exception {
    try (var visits = visits()) {
      visits.view(100);
      visits.view(110);
      visits.view(121);
      visits.advance(200);
      assertEquals(List.of("100-120 views 2", "121-131 views 1"), visits.told());
    }
  }

  @Test
  void eventWhoseOwnEndIsAVisitsStartComesBeforeItAndOneMillisecondEarlierDoesNot() throws Exception {
    try (var visits = visits()) {
      visits.view(100);
      visits.view(90);
      visits.view(79);
      visits.advance(200);
      assertEquals(List.of("79-89 views 1", "90-110 views 2"), visits.told());
    }
  }

  @Test
  void eventBetweenVisitsMakesThemOneWithEachOrderOnce() throws Exception {
    try (var visits = visits()) {
      visits.take("s", "u", "order_completed", 100, "o1", 5L);
      visits.take("s", "u", "order_completed", 118, "o1", 7L);
      visits.take("s", "u", "order_completed", 118, "o2", null);
      visits.take("s", "u", "product_added", 140, null, null);
      visits.take("s", "u", "checkout_started", 108, null, null);
      visits.advance(200);
      assertEquals(List.of("100-128 checkouts 1 orders 2 revenue 12", "140-150 adds 1"), visits.told());
    }
  }

  @Test
  void lateEventCorrectsAtOnceUntilTheVisitIsForgotten() throws Exception {
    try (var visits = visits()) {
      visits.view(100);
      visits.advance(109);
      assertEquals(List.of("100-110 views 1"), visits.told());
      visits.view(100);
      assertEquals(List.of("100-110 views 2"), visits.told());
      visits.advance(109 + LATENESS_MS - 1);
      visits.view(95);
      assertEquals(List.of("95-110 views 3"), visits.told());
      visits.advance(109 + LATENESS_MS);
      visits.view(100);
      assertEquals(List.of(), visits.told());
      assertEquals(1, visits.dropped());
    }
  }

  @Test
  void lateEventThatJoinsAPublishedVisitToAnOpenOneGivesARowAtTheNewEnd() throws Exception {
    try (var visits = visits()) {
      visits.view(100);
      visits.view(115);
      visits.advance(112);
      assertEquals(List.of("100-110 views 1"), visits.told());
      visits.view(108);
      assertEquals(List.of(), visits.told());
      visits.advance(124);
      assertEquals(List.of("100-125 views 3"), visits.told());
    }
  }

  @Test
  void eventTooLateForAVisitOfItsOwnIsCountedInOneItTouches() throws Exception {
    try (var visits = visits()) {
      visits.view(100);
      visits.view(105);
      visits.advance(90 + GAP_MS - 1 + LATENESS_MS);
      visits.told();
      visits.view(89);
      assertEquals(List.of(), visits.told());
      assertEquals(1, visits.dropped());
      visits.view(90);
      assertEquals(List.of("90-115 views 3"), visits.told());
      assertEquals(1, visits.dropped());
    }
  }

  @Test
  void sameSessionIdOfTwoShoppersIsTwoVisits() throws Exception {
    try (var visits = visits()) {
      visits.take("s", "u1", "product_viewed", 100, null, null);
      visits.take("s", "u2", "product_viewed", 100, null, null);
      visits.advance(200);
      assertEquals(List.of("100-110 views 1", "100-110 views 1"), visits.told());
    }
  }

  @Test
  void visitOfAThousandEventsKeepsItsFirstTimerAndIsForgottenAfterItsLateness() throws Exception {
    try (var visits = visits()) {
      for (int i = 0; i < 1_000; i++) {
        visits.view(1_000 + 3 * i);
        assertEquals(List.of(1_009L), visits.timers());
        if (i == 500) {
          visits.restart();
        }
      }
      visits.advance(1_009);
      assertEquals(List.of(4_006L), visits.timers());
      visits.advance(4_006);
      assertEquals(List.of("1000-4007 views 1000"), visits.told());
      assertEquals(List.of(4_006 + LATENESS_MS), visits.timers());
      assertFalse(visits.isEmpty());
      visits.advance(4_006 + LATENESS_MS);
      assertEquals(List.of(), visits.timers());
      assertTrue(visits.isEmpty());
    }
  }

  @Test
  void visitEarlierThanTheTimerTakesItsPlace() throws Exception {
    try (var visits = visits()) {
      visits.view(200);
      visits.view(100);
      assertEquals(List.of(109L), visits.timers());
      visits.advance(109);
      assertEquals(List.of("100-110 views 1"), visits.told());
      assertEquals(List.of(109 + LATENESS_MS), visits.timers());
      visits.advance(209);
      assertEquals(List.of("200-210 views 1"), visits.told());
    }
  }

  @Test
  void visitGoesOnAfterARestartAndWhatWasPublishedIsNotPublishedAgain() throws Exception {
    try (var visits = visits()) {
      visits.view(100);
      visits.advance(109);
      visits.view(130);
      assertEquals(List.of("100-110 views 1"), visits.told());
      visits.restart();
      visits.view(133);
      visits.advance(142);
      assertEquals(List.of("130-143 views 2"), visits.told());
      visits.view(101);
      assertEquals(List.of(), visits.told());
      assertEquals(1, visits.dropped());
    }
  }

  private static Supplier<OneInputStreamOperator<RowData, Row>> sessions(long latenessMs) {
    return () -> new KeyedProcessOperator<>(new Sessions(Windows.ROWS, GAP_MS, latenessMs, 0));
  }

  private static Windows visits() throws Exception {
    return new Windows(sessions(LATENESS_MS));
  }
}
