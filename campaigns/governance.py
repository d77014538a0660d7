"""Decide what becomes of each proposal: caps, cooldown, exclusion, budget, stock, holdout. Pure.

proposals of one candidate, by priority, score, name
    -> past_deadline, capped, cooled_down, excluded, out_of_budget go on
    -> held_out, issued, no_luck end it; the rest is outranked
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from campaigns.definition import Campaign
from campaigns.judge import Proposal, held_out

DAY_MS = 86_400_000
# After these the candidate has had its chance; they count for the caps.
ENDING = ("issued", "held_out", "no_luck")
# These cool down: a coupon, and a ghost of one.
COOLING = ("issued", "held_out")
# Of a group whoever is held out gets nothing either: else the other campaign would treat this one's holdout.
SERVING = ("issued", "held_out")
# Who scans a code or claims in the app was promised an answer: these never cool down.
PROMISED = ("qr_claim", "app_claim")
OUTCOMES = (*ENDING, "past_deadline", "capped", "cooled_down", "excluded", "out_of_budget", "outranked")


class Outcome(NamedTuple):
    """What became of a proposal at `at_ms`; `cost_minor` is what the budget was charged."""

    proposal: Proposal
    outcome: str
    at_ms: int

    @property
    def cost_minor(self) -> int:
        return self.proposal.cost_minor if self.outcome == "issued" else 0


class Served(NamedTuple):
    """What a shopper had of a campaign: a coupon, a ghost of one (held_out), or a draw without luck."""

    campaign: str
    rule: str
    outcome: str
    at_ms: int


@dataclass
class State:
    """What was decided before; `most_per_day` is the shopper's cap over all campaigns, in any 24 hours."""

    campaigns: Mapping[str, Campaign]
    most_per_day: int
    served: dict[str, list[Served]] = field(default_factory=lambda: defaultdict(list))
    per_day: Counter[tuple[str, date]] = field(default_factory=Counter)
    spent_minor: Counter[str] = field(default_factory=Counter)
    pieces: Counter[str] = field(default_factory=Counter)
    taken: Counter[tuple[str, str]] = field(default_factory=Counter)

    def take(self, outcomes: Sequence[Outcome]) -> None:
        """Remember what was decided for a candidate."""
        for outcome in outcomes:
            if outcome.outcome not in ENDING:
                continue
            campaign, candidate = outcome.proposal.campaign, outcome.proposal.candidate
            served = Served(campaign.name, candidate.rule, outcome.outcome, outcome.at_ms)
            self.served[candidate.shopper_id].append(served)
            self.per_day[campaign.name, day(campaign, outcome.at_ms)] += 1
            if outcome.outcome == "issued":
                assert outcome.proposal.offer is not None  # without one it is no_luck
                self.spent_minor[campaign.name] += outcome.cost_minor
                self.pieces[campaign.name] += 1
                self.taken[campaign.name, outcome.proposal.offer.name] += 1


def govern(proposals: Sequence[Proposal], state: State, now_ms: int) -> list[Outcome]:
    """What becomes of the proposals of one candidate, one a campaign, in the order of their rank."""
    outcomes: list[Outcome] = []
    ended = False
    for proposal in sorted(proposals, key=rank):
        outcome = "outranked" if ended else _outcome(proposal, state, now_ms)
        ended = ended or outcome in ENDING
        outcomes.append(Outcome(proposal, outcome, now_ms))
    return outcomes


def rank(proposal: Proposal) -> tuple[int, float, str]:
    """Priority, then score, the higher first, then name."""
    return -proposal.campaign.priority, -proposal.score, proposal.campaign.name


def day(campaign: Campaign, now_ms: int) -> date:
    """The campaign's day, in its time zone."""
    return datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(ZoneInfo(campaign.time_zone)).date()


def _outcome(proposal: Proposal, state: State, now_ms: int) -> str:
    if proposal.latest_ms is not None and now_ms > proposal.latest_ms:
        return "past_deadline"
    served = state.served.get(proposal.candidate.shopper_id, [])
    if _capped(proposal.campaign, served, state, now_ms):
        return "capped"
    if _cooled_down(proposal, served, now_ms):
        return "cooled_down"
    if _excluded(proposal.campaign, served, state, now_ms):
        return "excluded"
    if proposal.offer is None:
        return "no_luck"
    if not _affordable(proposal, state):
        return "out_of_budget"
    return "held_out" if held_out(proposal.campaign, proposal.candidate.shopper_id) else "issued"


def _capped(campaign: Campaign, served: Sequence[Served], state: State, now_ms: int) -> bool:
    caps = campaign.caps
    ours = [one for one in served if one.campaign == campaign.name]
    return (
        _reached(caps.per_shopper, len(ours))
        or _reached(caps.per_shopper_per_day, _today(ours, now_ms))
        or _reached(state.most_per_day, _today(served, now_ms))
        or _reached(caps.per_day, state.per_day[campaign.name, day(campaign, now_ms)])
    )


def _reached(cap: int | None, count: int) -> bool:
    return cap is not None and count >= cap


def _today(served: Sequence[Served], now_ms: int) -> int:
    return sum(now_ms - one.at_ms < DAY_MS for one in served)


def _cooled_down(proposal: Proposal, served: Sequence[Served], now_ms: int) -> bool:
    name, rule, cooldown_ms = proposal.campaign.name, proposal.candidate.rule, proposal.campaign.caps.cooldown_ms
    return rule not in PROMISED and any(
        (one.campaign, one.rule) == (name, rule) and one.outcome in COOLING and now_ms - one.at_ms < cooldown_ms
        for one in served
    )


def _excluded(campaign: Campaign, served: Sequence[Served], state: State, now_ms: int) -> bool:
    """Whether another campaign of the group, not ended, served the shopper."""
    if campaign.exclusive_group is None:
        return False
    others = {one.campaign for one in served if one.outcome in SERVING and one.campaign != campaign.name}
    return any(
        other.exclusive_group == campaign.exclusive_group and now_ms < other.ends_ms
        for other in (state.campaigns[name] for name in others if name in state.campaigns)
    )


def _affordable(proposal: Proposal, state: State) -> bool:
    """Whether money, pieces and the offer's stock suffice for one more."""
    campaign, offer, budget = proposal.campaign, proposal.offer, proposal.campaign.budget
    assert offer is not None  # without one it is no_luck
    return (
        (budget.money_minor is None or state.spent_minor[campaign.name] + proposal.cost_minor <= budget.money_minor)
        and not _reached(budget.pieces, state.pieces[campaign.name])
        and not _reached(offer.stock, state.taken[campaign.name, offer.name])
    )
