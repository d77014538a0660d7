package dev.hongbao.connector;

import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Decides which of a candidate's proposals a shopper gets (docs/campaigns.md): caps, cooldown, exclusion, budget, holdout.
 *
 * <p>Everything is counted in one place and one after the other, so a budget is spent to the last piece and not beyond.
 */
final class Treasury {

  static final long DAY_MS = 86_400_000;

  /** What became of a proposal. */
  enum Outcome { ISSUED, HELD_OUT, NO_LUCK, PAST_DEADLINE, CAPPED, COOLED_DOWN, EXCLUDED, OUT_OF_BUDGET, OUTRANKED }

  record Decision(Proposal proposal, Outcome outcome) {}

  /** Who scans a code or claims in the app was promised an answer: these never cool down. */
  private static final Set<String> PROMISED = Set.of("qr_claim", "app_claim");

  private static final Comparator<Proposal> RANK =
      Comparator.comparingInt(Proposal::priority).reversed()
          .thenComparing(Comparator.comparingDouble(Proposal::score).reversed())
          .thenComparing(Proposal::campaign);

  private final long mostPerDay;
  private final Map<String, Spent> books = new HashMap<>();
  /** The newest version seen of each campaign: a proposal of an older one, still on its way, is held to its limits. */
  private final Map<String, Proposal> newest = new HashMap<>();

  /** {@code mostPerDay}: to one shopper over all campaigns, in any 24 hours. */
  Treasury(long mostPerDay) {
    this.mostPerDay = mostPerDay;
  }

  Iterable<Spent> books() {
    return books.values();
  }

  void restore(Spent spent) {
    books.put(spent.campaign, spent);
  }

  /** Gives a decision for each proposal, in the order they were considered; nothing where one was decided before. */
  List<Decision> decide(List<Proposal> proposals, String rule, Served served, long nowMs) {
    List<Decision> decisions = new ArrayList<>(proposals.size());
    if (proposals.stream().anyMatch(proposal -> served.has(proposal.id()))) {
      return decisions;
    }
    boolean settled = false;
    for (Proposal proposal : proposals.stream().sorted(RANK).toList()) {
      Outcome outcome = settled ? Outcome.OUTRANKED : judge(proposal, rule, served, nowMs);
      decisions.add(new Decision(proposal, outcome));
      switch (outcome) {
        case ISSUED -> {
          charge(proposal);
          count(proposal, rule, served, nowMs, true);
          settled = true;
        }
        case HELD_OUT, NO_LUCK -> {
          count(proposal, rule, served, nowMs, outcome == Outcome.HELD_OUT);
          settled = true;
        }
        default -> {}
      }
    }
    return decisions;
  }

  private Outcome judge(Proposal proposal, String rule, Served served, long nowMs) {
    if (proposal.latestMs() != null && nowMs > proposal.latestMs()) {
      return Outcome.PAST_DEADLINE;
    }
    Proposal limits = limits(proposal);
    Spent spent = spent(proposal.account());
    if (served.since(null, nowMs - DAY_MS) >= mostPerDay
        || reached(limits.perShopper(), served.inLifeOf(proposal.account()))
        || reached(limits.perShopperPerDay(), served.since(proposal.account(), nowMs - DAY_MS))
        || reached(limits.perDay(), spent.piecesOn(day(proposal, nowMs)))) {
      return Outcome.CAPPED;
    }
    if (!PROMISED.contains(rule) && served.hasSince(proposal.account(), rule, nowMs - limits.cooldownMs())) {
      return Outcome.COOLED_DOWN;
    }
    if (limits.exclusiveGroup() != null
        && served.servedByAnotherOf(limits.exclusiveGroup(), proposal.account(), nowMs, newest)) {
      return Outcome.EXCLUDED;
    }
    if (proposal.offer() == null) {
      return Outcome.NO_LUCK;
    }
    if (exceeds(limits.moneyMinor(), spent.costMinor, proposal.costMinor())
        || exceeds(limits.pieces(), spent.pieces, 1)
        || exceeds(stock(limits, proposal), spent.of(proposal.offer()), 1)) {
      return Outcome.OUT_OF_BUDGET;
    }
    return proposal.heldOut() ? Outcome.HELD_OUT : Outcome.ISSUED;
  }

  /** A stock is the offer's own: the newest version's proposal may be of another one. */
  private static Long stock(Proposal limits, Proposal proposal) {
    return proposal.offer().equals(limits.offer()) ? limits.stock() : proposal.stock();
  }

  private Proposal limits(Proposal proposal) {
    if (proposal.version() == null) {
      return proposal;
    }
    Proposal seen = newest.get(proposal.account());
    if (seen == null || seen.version() <= proposal.version()) {
      newest.put(proposal.account(), proposal);
      return proposal;
    }
    return seen;
  }

  /** Charges the budget with a coupon that was issued, now or before a failure. */
  void charge(Proposal proposal) {
    spent(proposal.account()).add(proposal.offer(), proposal.costMinor());
  }

  /**
   * Remembers a coupon, or what counts as one for the caps, for as long as a limit may ask for it.
   *
   * @param serves whether it cools down and excludes as well: a draw without luck does not
   */
  void count(Proposal proposal, String rule, Served served, long atMs, boolean serves) {
    spent(proposal.account()).countOn(day(proposal, atMs));
    Served.Coupon coupon = new Served.Coupon();
    coupon.id = proposal.id();
    coupon.campaign = proposal.account();
    coupon.rule = rule;
    coupon.atMs = atMs;
    coupon.untilMs = atMs + Math.max(DAY_MS, proposal.cooldownMs());
    coupon.serves = serves;
    served.add(coupon, proposal.exclusiveGroup(), proposal.version() == null ? coupon.untilMs : proposal.endsMs());
  }

  private Spent spent(String campaign) {
    return books.computeIfAbsent(
        campaign,
        name -> {
          Spent spent = new Spent();
          spent.campaign = name;
          return spent;
        });
  }

  private static long day(Proposal proposal, long atMs) {
    return Instant.ofEpochMilli(atMs).atZone(ZoneId.of(proposal.timeZone())).toLocalDate().toEpochDay();
  }

  private static boolean reached(Number most, long found) {
    return most != null && found >= most.longValue();
  }

  private static boolean exceeds(Long most, long spent, long more) {
    return most != null && spent + more > most;
  }
}
