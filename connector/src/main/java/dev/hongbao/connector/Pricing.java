package dev.hongbao.connector;

import java.nio.charset.StandardCharsets;
import java.util.UUID;

/**
 * Decides, window by window, what a category's price becomes (docs/prices.md).
 *
 * <p>{@code prices/decision.py} is the reference; one table of cases holds both to the same answers.
 */
final class Pricing {

  /** Between the parts of an id; of these only a category could hold it, and that comes first. */
  private static final String SEPARATOR = "\u001f";

  private Pricing() {}

  /**
   * Moves {@code level} by a window that is over, and gives the change, or null where there is none.
   *
   * <p>A window that does not end after every window decided before decides nothing: so each decides at most once.
   */
  static PriceChange decide(PriceRule rule, PriceLevel level, PriceWindow window, long nowMs) {
    if (!window.kind.equals(rule.windowKind())
        || level.decidedEndMs != null && window.endMs <= level.decidedEndMs) {
      return null;
    }
    level.decidedEndMs = window.endMs;
    int within = Math.min(Math.max(level.percent, rule.floorPercent()), rule.ceilingPercent());
    int percent = within;
    // A new version's bounds are a promise, its hold a comfort.
    String reason = "bounds";
    if (within == level.percent && window.viewers >= rule.leastViewers() && !held(rule, level, window, nowMs)) {
      double rate = (double) window.buyers / window.viewers;
      if (rate < rule.low()) {
        percent = Math.max(within - rule.stepPercent(), rule.floorPercent());
        reason = "below_low";
      } else if (rate > rule.high()) {
        percent = Math.min(within + rule.stepPercent(), rule.ceilingPercent());
        reason = "above_high";
      }
    }
    if (percent == level.percent) {
      return null;
    }
    PriceChange change = change(rule, level.percent, percent, reason, window, nowMs);
    level.percent = percent;
    level.changedEndMs = window.endMs;
    level.changedMs = nowMs;
    return change;
  }

  /** By the job's clock too: it catches up an outage's hours in minutes, and shoppers see prices by the clock. */
  private static boolean held(PriceRule rule, PriceLevel level, PriceWindow window, long nowMs) {
    return level.changedEndMs != null
        && (window.endMs - level.changedEndMs < rule.holdMs() || nowMs - level.changedMs < rule.holdMs());
  }

  private static PriceChange change(
      PriceRule rule, int previousPercent, int percent, String reason, PriceWindow window, long nowMs) {
    PriceChange change = new PriceChange();
    change.priceId = id(rule.category(), window, rule.version());
    change.category = rule.category();
    change.ruleVersion = rule.version();
    change.reason = reason;
    change.previousPercent = previousPercent;
    change.pricePercent = percent;
    change.windowKind = window.kind;
    change.windowStartMs = window.startMs;
    change.windowEndMs = window.endMs;
    change.viewers = window.viewers;
    change.buyers = window.buyers;
    change.low = rule.low();
    change.high = rule.high();
    change.floorPercent = rule.floorPercent();
    change.ceilingPercent = rule.ceilingPercent();
    change.decidedMs = nowMs;
    return change;
  }

  /** The same window decided by the same version always has the same id. */
  private static String id(String category, PriceWindow window, int version) {
    String cause = String.join(SEPARATOR, category, window.kind, "" + window.startMs, "" + version);
    return UUID.nameUUIDFromBytes(cause.getBytes(StandardCharsets.UTF_8)).toString();
  }
}
