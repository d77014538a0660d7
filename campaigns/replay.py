"""Decide a day's candidates again, by the rules that hold in the stream and from nothing the stream remembers. Pure.

candidates by due time -> judge: a proposal a campaign -> govern -> outcomes
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from campaigns.definition import Campaign
from campaigns.governance import DAY_MS, OUTCOMES, Outcome, State, govern
from campaigns.judge import Candidate, propose, segment_holds
from jobs.own_rules import Ask
from model.definition import Model


@dataclass
class Tier:
    """What shoppers of one tier would have got: coupons to how many of them, at what cost."""

    coupons: int = 0
    shoppers: int = 0
    cost_minor: int = 0


@dataclass
class Effect:
    """What a campaign would have done: how many candidates had which outcome, and who got coupons at what cost."""

    campaign: str
    currency: str
    cost_minor: int = 0
    outcomes: dict[str, int] = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))
    offers: dict[str, int] = field(default_factory=dict)
    tiers: dict[str, Tier] = field(default_factory=dict)


@dataclass(frozen=True)
class Reach:
    """How many shoppers met a pattern of the campaign, and how many of them when they were in each segment it names."""

    shoppers: int
    segments: dict[str, int]


def replay(
    candidates: Iterable[Candidate],
    campaigns: Sequence[Campaign],
    most_per_day: int,
    longest_past_ms: int,
    ask: Ask | None = None,
    model: Model | None = None,
    apart: bool = False,
) -> Iterator[list[Outcome]]:
    """What becomes of each candidate, in the order of their due time, each decided when it is due.

    All `campaigns` are taken for active, and nothing for issued before; `ask` knows the rules that they name,
    and `model` is the one that they choose offers by. With VIPs `apart` they and all others each have their part of
    every limit, and count for themselves.
    """
    parts = {
        vip: [one.of_part(vip) if apart else one for one in campaigns] for vip in ((True, False) if apart else (False,))
    }
    states = {vip: State({one.name: one for one in part}, most_per_day) for vip, part in parts.items()}
    for candidate in sorted(candidates, key=lambda one: one.due_ms):
        now_ms = candidate.due_ms
        vip = apart and candidate.membership_tier == "vip"
        state = states[vip]
        proposals = [propose(campaign, candidate, now_ms, longest_past_ms, ask, model) for campaign in parts[vip]]
        outcomes = govern([proposal for proposal in proposals if proposal is not None], state, now_ms)
        state.take(outcomes)
        yield outcomes


def on_day(campaign: Campaign, day_ms: int) -> Campaign:
    """The campaign as if it ran on the UTC day that begins at `day_ms`, and on that day alone."""
    return campaign.model_copy(update={"starts_ms": day_ms, "ends_ms": day_ms + DAY_MS})


def effects(decided: Iterable[Sequence[Outcome]], campaigns: Sequence[Campaign]) -> list[Effect]:
    """The outcomes summed up by campaign, in the order of `campaigns`."""
    found = {campaign.name: Effect(campaign.name, campaign.budget.currency) for campaign in campaigns}
    shoppers: set[tuple[str, str]] = set()
    for outcome in (one for outcomes in decided for one in outcomes):
        effect = found[outcome.proposal.campaign.name]
        effect.outcomes[outcome.outcome] += 1
        if outcome.outcome != "issued" or outcome.proposal.offer is None:
            continue
        candidate, offer = outcome.proposal.candidate, outcome.proposal.offer.name
        tier = effect.tiers.setdefault(candidate.membership_tier, Tier())
        effect.cost_minor += outcome.cost_minor
        effect.offers[offer] = effect.offers.get(offer, 0) + 1
        tier.coupons += 1
        tier.cost_minor += outcome.cost_minor
        tier.shoppers += (effect.campaign, candidate.shopper_id) not in shoppers
        shoppers.add((effect.campaign, candidate.shopper_id))
    return list(found.values())


def reach(candidates: Iterable[Candidate], campaign: Campaign) -> Reach:
    """Whom the campaign could mean, by segment; what else its audience asks is left aside."""
    met = [candidate for candidate in candidates if candidate.rule in campaign.patterns]
    return Reach(
        len({candidate.shopper_id for candidate in met}),
        {
            name: len({candidate.shopper_id for candidate in met if segment_holds(candidate, segment)})
            for name, segment in (campaign.audience.segments or {}).items()
        },
    )
