package dev.hongbao.connector;

/**
 * Where a category's price stands, and what the next decision must know. Public fields because Flink's POJO format
 * carries them over an upgrade that adds one.
 */
public class PriceLevel {

  /** In whole percent of the list price. */
  public int percent = 100;

  /** End of the window that moved it last, and when that was decided; null before the first. */
  public Long changedEndMs;

  public Long changedMs;

  /** End of the last window decided; null before the first. */
  public Long decidedEndMs;

  /** Gives where the change left it. */
  static PriceLevel after(PriceChange change) {
    PriceLevel level = new PriceLevel();
    level.percent = change.pricePercent;
    level.changedEndMs = change.windowEndMs;
    level.changedMs = change.decidedMs;
    level.decidedEndMs = change.windowEndMs;
    return level;
  }
}
