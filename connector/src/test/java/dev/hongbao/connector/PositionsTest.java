package dev.hongbao.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.apache.flink.runtime.throwable.ThrowableClassifier;
import org.apache.flink.runtime.throwable.ThrowableType;
import org.apache.pulsar.client.api.MessageId;
import org.apache.pulsar.client.impl.MessageIdImpl;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The answers are those of Pulsar 4.0.7's internalStats; the stack's test asks a broker. */
class PositionsTest {

  private static final String TOPIC = "persistent://hongbao/events/clicks-partition-3";
  private static final String STATS =
      """
      {"entriesAddedCounter": 9, "currentLedgerEntries": 7, "lastConfirmedEntry": "8:6", "ledgers": [
        {"ledgerId": 5, "entries": 100, "size": 900, "offloaded": false},
        {"ledgerId": 8, "entries": 0, "size": 0, "offloaded": false}]}""";

  private HttpServer broker;
  private int status = 200;

  @BeforeEach
  void start() throws IOException {
    broker = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    broker.createContext(
        "/admin/v2/persistent/hongbao/events/clicks-partition-3/internalStats",
        exchange -> {
          byte[] answer = STATS.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(status, answer.length);
          exchange.getResponseBody().write(answer);
          exchange.close();
        });
    broker.start();
  }

  @AfterEach
  void stop() {
    broker.stop(0);
  }

  private MessageId verified(boolean goOn, MessageId position) throws IOException {
    return new Positions("http://127.0.0.1:" + broker.getAddress().getPort(), goOn).verified(TOPIC, position);
  }

  private static MessageIdImpl at(long ledger, long entry) {
    return new MessageIdImpl(ledger, entry, 3);
  }

  @Test
  void lastEntryOfEachLedgerIsThere() throws IOException {
    assertEquals(at(5, 99), verified(false, at(5, 99)));
    assertEquals(at(8, 6), verified(false, at(8, 6)));
  }

  @Test
  void placeBeforeTheFirstEntryIsThere() throws IOException {
    assertEquals(at(5, -1), verified(false, at(5, -1)));
  }

  @Test
  void splitThatReadNothingIsNotHeldAgainstTheBroker() throws IOException {
    assertNull(verified(false, null));
    assertEquals(MessageId.earliest, verified(false, MessageId.earliest));
    assertEquals(MessageId.latest, verified(false, MessageId.latest));
  }

  @Test
  void removedLedgerIsNamedWithWhatIsThereAndWhatToDo() {
    StoppedException stopped = assertThrows(StoppedException.class, () -> verified(false, at(4, 17)));
    assertEquals(
        TOPIC
            + ": the checkpoint stands at 4:17, and the broker has the ledgers 5 (100 entries), 8 (7 entries); retention"
            + " removed what followed or the topic was made anew. Submit from a newer checkpoint, or set"
            + " missing_position = \"earliest\" in the job's section and go on from the earliest there is, without it",
        stopped.getMessage());
  }

  @Test
  void entryPastTheEndOfItsLedgerIsGone() {
    assertThrows(StoppedException.class, () -> verified(false, at(5, 100)));
    assertThrows(StoppedException.class, () -> verified(false, at(8, 7)));
    assertThrows(StoppedException.class, () -> verified(false, at(9, 0)));
  }

  @Test
  void whoAllowsItGoesOnFromTheEarliest() throws IOException {
    assertEquals(at(5, -1), verified(true, at(4, 17)));
    assertEquals(at(5, 50), verified(true, at(5, 50)));
  }

  @Test
  void topicThatIsGoneStopsTheJobWhateverIsAllowed() {
    status = 404;
    assertThrows(StoppedException.class, () -> verified(true, at(5, 50)));
  }

  @Test
  void restartWouldMeetItAgainSoFlinkDoesNotTry() {
    assertEquals(
        Optional.of(ThrowableType.NonRecoverableError),
        ThrowableClassifier.findThrowableOfThrowableType(
                new RuntimeException(new StoppedException("")), ThrowableType.NonRecoverableError)
            .map(found -> ThrowableType.NonRecoverableError));
  }
}
