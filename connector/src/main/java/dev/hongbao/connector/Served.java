package dev.hongbao.connector;

import java.util.Arrays;
import java.util.Map;
import java.util.function.Predicate;

/**
 * What one shopper has had: single coupons as long as a cap or a cooldown asks for them, and counts by campaign until it
 * ends. Public fields and arrays because Flink's POJO format carries them over an upgrade that adds one.
 */
public class Served {

  /** A coupon, or what counts as one: held out, or a draw without luck. */
  public static class Coupon {
    public String id;
    public String campaign;
    public String rule;
    public long atMs;
    /** Nobody asks for it after this. */
    public long untilMs;
    /** Whether it cools down and excludes; a draw without luck does not. */
    public boolean serves;
  }

  /** A campaign that served the shopper. */
  public static class Life {
    public String campaign;
    public String exclusiveGroup;
    public int coupons;
    /** Whether any of them excludes. */
    public boolean serves;
    /** By the version that served last; a later one may move it. */
    public long endsMs;
  }

  /** A campaign may be prolonged after its end: so long its counts are kept. */
  static final long KEPT_AFTER_END_MS = 30 * 86_400_000L;

  public Coupon[] coupons = new Coupon[0];
  public Life[] lives = new Life[0];
  /** When the next timer is due; 0 without one. */
  public long timerMs;

  boolean has(String id) {
    return any(coupon -> coupon.id.equals(id));
  }

  private boolean any(Predicate<Coupon> wanted) {
    return Arrays.stream(coupons).anyMatch(wanted);
  }

  /** Counts the coupons after a time; of one campaign, or of all for null. */
  long since(String campaign, long afterMs) {
    return Arrays.stream(coupons)
        .filter(coupon -> coupon.atMs > afterMs && (campaign == null || coupon.campaign.equals(campaign)))
        .count();
  }

  /** Whether the campaign gave one by this rule, or held out, after a time. */
  boolean hasSince(String campaign, String rule, long afterMs) {
    return any(
        coupon ->
            coupon.serves
                && coupon.atMs > afterMs
                && coupon.campaign.equals(campaign)
                && coupon.rule.equals(rule));
  }

  int inLifeOf(String campaign) {
    return Arrays.stream(lives).filter(life -> life.campaign.equals(campaign)).mapToInt(life -> life.coupons).sum();
  }

  /** Whether another campaign of the group, not ended by the newest version seen, served the shopper. */
  boolean servedByAnotherOf(String group, String campaign, long nowMs, Map<String, Proposal> newest) {
    return Arrays.stream(lives)
        .filter(life -> life.serves && group.equals(life.exclusiveGroup) && !life.campaign.equals(campaign))
        .anyMatch(
            life -> nowMs < (newest.containsKey(life.campaign) ? newest.get(life.campaign).endsMs() : life.endsMs));
  }

  void add(Coupon coupon, String exclusiveGroup, long endsMs) {
    coupons = Arrays.copyOf(coupons, coupons.length + 1);
    coupons[coupons.length - 1] = coupon;
    Life life = Arrays.stream(lives).filter(l -> l.campaign.equals(coupon.campaign)).findAny().orElse(null);
    if (life == null) {
      life = new Life();
      life.campaign = coupon.campaign;
      lives = Arrays.copyOf(lives, lives.length + 1);
      lives[lives.length - 1] = life;
    }
    life.coupons++;
    life.serves |= coupon.serves;
    life.exclusiveGroup = exclusiveGroup;
    life.endsMs = endsMs;
  }

  /** Drops what nobody asks for any more; gives when the next of the rest can go, or 0 when nothing is left. */
  long forget(long nowMs) {
    coupons = Arrays.stream(coupons).filter(coupon -> coupon.untilMs > nowMs).toArray(Coupon[]::new);
    lives = Arrays.stream(lives).filter(life -> life.endsMs + KEPT_AFTER_END_MS > nowMs).toArray(Life[]::new);
    long next = Long.MAX_VALUE;
    for (Coupon coupon : coupons) {
      next = Math.min(next, coupon.untilMs);
    }
    for (Life life : lives) {
      next = Math.min(next, life.endsMs + KEPT_AFTER_END_MS);
    }
    return next == Long.MAX_VALUE ? 0 : next;
  }
}
