package dev.hongbao.connector;

import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.pulsar.client.api.MessageId;
import org.apache.pulsar.client.impl.MessageIdImpl;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds a checkpoint's positions against what the broker still has.
 *
 * <p>The stock connector (4.1.0) asks for a position that is gone, warns in a log, and reads from where the
 * subscription stands: what lies between is lost and nobody is told.
 */
final class Positions implements Serializable {

  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(Positions.class);

  private final AdminRest broker;
  private final boolean goOn;

  /** With {@code goOn} a position that is gone is replaced by the earliest there is, and the gap is logged. */
  Positions(String adminUrl, boolean goOn) {
    this.broker = new AdminRest(adminUrl);
    this.goOn = goOn;
  }

  /**
   * Gives the position to read on from: the checkpoint's own unless it is gone.
   *
   * @param topic named in full, with its partition
   * @param position the message read last; null before the first
   * @throws StoppedException when the broker no longer has what followed the position
   * @throws IOException when the broker does not answer
   */
  MessageId verified(String topic, MessageId position) throws IOException {
    if (!(position instanceof MessageIdImpl last) || last.getLedgerId() < 0 || last.getLedgerId() == Long.MAX_VALUE) {
      return position;
    }
    Optional<JsonNode> stats =
        broker.find("/" + topic.replace("://", "/") + "/internalStats");
    if (stats.isEmpty()) {
      throw new StoppedException(
          topic + ": the checkpoint stands at " + text(last) + ", and the broker has no such topic; "
              + "make the topic again and restore its messages, or submit the job without this checkpoint");
    }
    TreeMap<Long, Long> ledgers = ledgers(stats.get());
    Optional<String> gone = gone(last, ledgers);
    if (gone.isEmpty()) {
      return position;
    }
    String found = topic + ": the checkpoint stands at " + text(last) + ", and " + gone.get();
    if (!goOn) {
      throw new StoppedException(
          found + "; retention removed what followed or the topic was made anew. Submit from a newer checkpoint, or set "
              + "missing_position = \"earliest\" in the job's section and go on from the earliest there is, without it");
    }
    MessageIdImpl earliest = new MessageIdImpl(ledgers.firstKey(), -1, last.getPartitionIndex());
    LOG.warn("{}; missing_position is earliest: skipped what lay between, going on after {}", found, text(earliest));
    return earliest;
  }

  /** Says what the broker has instead of the position; empty where it has the position. */
  static Optional<String> gone(MessageIdImpl position, TreeMap<Long, Long> ledgers) {
    if (ledgers.isEmpty()) {
      return Optional.of("the broker has no ledger of it");
    }
    Long entries = ledgers.get(position.getLedgerId());
    if (entries == null) {
      return Optional.of("the broker has the ledgers " + list(ledgers));
    }
    if (position.getEntryId() >= entries) {
      return Optional.of("ledger " + position.getLedgerId() + " has " + entries + " entries");
    }
    return Optional.empty();
  }

  /** Reads the entries of each ledger; the last one's are counted apart while it is open. */
  static TreeMap<Long, Long> ledgers(JsonNode stats) {
    TreeMap<Long, Long> ledgers = new TreeMap<>();
    stats.get("ledgers").forEach(ledger -> ledgers.put(ledger.get("ledgerId").asLong(), ledger.get("entries").asLong()));
    if (!ledgers.isEmpty()) {
      ledgers.merge(ledgers.lastKey(), stats.get("currentLedgerEntries").asLong(), Math::max);
    }
    return ledgers;
  }

  private static String list(TreeMap<Long, Long> ledgers) {
    List<String> names = new ArrayList<>();
    ledgers.forEach((ledger, entries) -> names.add(ledger + " (" + entries + " entries)"));
    return names.size() <= 4
        ? String.join(", ", names)
        : names.get(0) + " … " + names.get(names.size() - 1) + ", " + names.size() + " in all";
  }

  private static String text(MessageIdImpl position) {
    return position.getLedgerId() + ":" + position.getEntryId();
  }
}
