"""Compute what the sale of campaigns must show, and say whether it held.

The truth is the shop's own: whom it gave what (receipts), who ordered because of it (the responder's book), and who
ordered anyway (the simulator's books). The warehouse and the jobs have no part in it.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from campaigns.definition import Campaign

LATENCY_P99_MS = 1_000
# From a version's publication until the running job decides by it.
TAKEN_UP_S = 2.0

Receipt = Mapping[str, Any]


@dataclass(frozen=True)
class Uplift:
    """Buyers by share of shoppers, treated less held out: the estimate, its 95 % interval, and what it really was."""

    estimate: float | None
    low: float | None
    high: float | None
    truth: float | None


@dataclass(frozen=True)
class OfCampaign:
    """What became of a campaign's candidates. `overspend` is the most that money, pieces or a stock are exceeded by."""

    name: str
    triggered: int
    capped: int
    cooled_down: int
    held_out: int
    out_of_budget: int
    issued: int
    redeemed: int
    overspend: int
    p99_ms: float | None
    uplift: Uplift


@dataclass(frozen=True)
class Check:
    """What a campaign's figures are held to: what subscriber and responder saw, and an interval that seldom misses.

    A 95 % interval misses the truth in one run of twenty by design; `sure` is that of 99.9 %.
    """

    received: int
    responses: int
    sure: tuple[float | None, float | None]
    findings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Change:
    """A version that was applied in the middle of the sale: decisions by the old and by this one, and how soon it held.

    `taken_up_s` is from its publication to the first decision by it, `old_s` to the last one by an older version.
    """

    campaign: str
    version: int
    before: int
    after: int
    taken_up_s: float | None
    old_s: float | None


@dataclass(frozen=True)
class WrongRecord:
    """A version that is none, put on the topic past `apply`: what the job said, and what it did afterwards."""

    campaign: str
    version: int
    said: str | None
    refused_by_subtasks: int
    decisions_after: int
    by_it: int


@dataclass(frozen=True)
class CampaignSale:
    """The summary of the sale; `exhausted` are a budget's and a stock's campaign, `wrong_file` what apply answered."""

    published: int
    landed: int
    lost: int
    campaigns: Sequence[OfCampaign]
    vip: Mapping[str, float | None]
    governance_us: Mapping[str, float | None]
    coupons: int
    duplicate_coupons: int
    coupon_latency_ms: Mapping[str, float]
    changes: Sequence[Change]
    wrong_file: Sequence[str]
    wrong_record: WrongRecord | None
    checks: Mapping[str, Check]
    exhausted: Mapping[str, str]
    seconds: float

    @property
    def failures(self) -> list[str]:
        """What does not hold, a sentence each; empty when the sale held."""
        checks = [
            (self.lost == 0 and self.published > 0, f"{self.lost} of {self.published} published messages are nowhere"),
            (self.duplicate_coupons == 0, f"{self.duplicate_coupons} coupons were received more than once"),
            (
                self.coupon_latency_ms["p99"] <= LATENCY_P99_MS,
                f"coupon p99 is {self.coupon_latency_ms['p99']:.0f} ms; {LATENCY_P99_MS} ms is the most",
            ),
            (self.governance_us["p50"] is not None, "the job does not say what governance costs"),
            (bool(self.wrong_file), "a wrong campaign file was applied"),
            (len(self.changes) > 0, "no version was applied in the middle of the sale"),
        ]
        found = [sentence for holds, sentence in checks if not holds]
        found += [sentence for one in self.campaigns for sentence in _of_campaign(one, self.checks[one.name])]
        found += [sentence for change in self.changes for sentence in _of_change(change)]
        found += _of_wrong_record(self.wrong_record)
        by_name = {one.name: one for one in self.campaigns}
        for what, name in self.exhausted.items():
            if name not in by_name or by_name[name].out_of_budget == 0:
                found.append(f"{name}: its {what} did not run out")
        return found

    def summary(self) -> dict[str, Any]:
        """The answer as one object."""
        plain = asdict(self)
        del plain["checks"], plain["exhausted"]
        return {**plain, "held": not self.failures, "failures": self.failures}


def _of_campaign(one: OfCampaign, check: Check) -> Iterable[str]:
    if one.issued == 0:
        yield f"{one.name}: no coupon was issued"
    if one.overspend:
        yield f"{one.name}: overspent by {one.overspend}"
    if one.issued != check.received:
        yield f"{one.name}: {one.issued} coupons were decided, {check.received} received"
    if one.redeemed != check.responses:
        yield f"{one.name}: {check.responses} orders used a coupon, {one.redeemed} landed"
    if not _covers(check.sure, one.uplift.truth):
        yield f"{one.name}: the truth {one.uplift.truth} is outside of {check.sure}, an interval of 99.9 %"
    yield from check.findings


def _covers(interval: tuple[float | None, float | None], truth: float | None) -> bool:
    low, high = interval
    return truth is not None and low is not None and high is not None and low <= truth <= high


def _of_change(change: Change) -> Iterable[str]:
    where = f"{change.campaign} version {change.version}"
    if change.before == 0:
        yield f"{where}: nothing was decided by the version before"
    if change.taken_up_s is None or change.taken_up_s > TAKEN_UP_S:
        yield f"{where}: taken up after {change.taken_up_s} s; {TAKEN_UP_S:.0f} s is the most"
    if change.old_s is not None and change.old_s > TAKEN_UP_S:
        yield f"{where}: the version before still decided {change.old_s} s later"


def _of_wrong_record(record: WrongRecord | None) -> Iterable[str]:
    if record is None:
        yield "no wrong record was put on the topic"
        return
    if record.said is None or record.refused_by_subtasks == 0:
        yield f"{record.campaign}: the job did not say that it refused version {record.version}"
    if record.by_it:
        yield f"{record.campaign}: {record.by_it} decisions were made by a version that is none"
    if record.decisions_after == 0:
        yield f"{record.campaign}: the last good version did not go on"


def first_receipts(receipts: Iterable[Receipt]) -> list[Receipt]:
    """Each coupon as it first came."""
    first: dict[str, Receipt] = {}
    for receipt in receipts:
        first.setdefault(receipt["coupon_id"], receipt)
    return list(first.values())


def overspend(campaign: Campaign, receipts: Iterable[Receipt]) -> int:
    """By how much what was received exceeds money (minor units), pieces or a stock (pieces): the most of them, or 0."""
    ours = [receipt for receipt in receipts if receipt["campaign_id"] == campaign.name]
    offers = Counter(receipt["offer"] for receipt in ours)
    limits = [
        (campaign.budget.money_minor, sum(receipt["cost_minor"] for receipt in ours)),
        (campaign.budget.pieces, len(ours)),
        *((offer.stock, offers[offer.name]) for offer in campaign.offers),
    ]
    over = [int(spent) - most for most, spent in limits if most is not None]
    return max(0, *over) if over else 0


def p99_ms(receipts: Iterable[Receipt]) -> float | None:
    """From when the coupons fell due to when they came; the 99th of a hundred, None of none."""
    waits = sorted(receipt["received_ms"] - receipt["due_ms"] for receipt in receipts)
    return float(waits[math.ceil(0.99 * len(waits)) - 1]) if waits else None


def truth(
    campaign: str, receipts: Iterable[Receipt], convinced: Collection[tuple[str, str]], ordered_ms: Mapping[str, int]
) -> float | None:
    """What share of those treated ordered only because they were; None where nobody was.

    `convinced` are campaign and shopper of each order that a coupon led to, `ordered_ms` is when each shopper last
    ordered without. As in the view campaign_arms, what counts comes after the event that caused the first coupon.
    """
    since: dict[str, tuple[int, int]] = {}
    for receipt in receipts:
        if receipt["campaign_id"] == campaign:
            moment = (receipt["decided_ms"], receipt["occurred_ms"])
            since[receipt["shopper_id"]] = min(moment, since.get(receipt["shopper_id"], moment))
    additional = [
        shopper
        for shopper, (_, occurred_ms) in since.items()
        if (campaign, shopper) in convinced and ordered_ms.get(shopper, 0) <= occurred_ms
    ]
    return len(additional) / len(since) if since else None
