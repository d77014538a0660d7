"""Decide which candidate earns a coupon, which offer, and under which id. Pure: time is an argument."""

import json
from dataclasses import dataclass
from typing import Self
from uuid import UUID, uuid5

# Names every coupon id; changing it would issue every coupon again.
COUPONS = UUID("6f3f0d0e-8a34-5d0f-9a4e-2b1f5f6c2027")
DAY_MS = 86_400_000
# Unit separator: no key holds it, so two different causes never join to one text.
SEPARATOR = "\x1f"


@dataclass(frozen=True)
class Candidate:
    """A pattern matched for a shopper; times in milliseconds since 1970, money in minor units."""

    rule: str
    shopper_id: str
    campaign_id: str | None
    cause_event_id: str
    product_id: str | None
    category: str | None
    price_minor: int | None
    currency: str | None
    membership_tier: str
    favourite_category: str | None
    basket_minor: int
    occurred_ms: int
    published_ms: int
    due_ms: int
    read_ms: int


@dataclass(frozen=True)
class Policy:
    """What marketing allows: `cooldown_ms` between two coupons of one rule, `most_per_day` in any 24 hours.

    A cause more than `longest_past_ms` ago earns nothing.
    """

    campaign_id: str
    currency: str
    cooldown_ms: int
    most_per_day: int
    valid_ms: int
    longest_past_ms: int


@dataclass(frozen=True)
class Offer:
    """A discount: percent of the price, or an amount in minor units; the other is 0."""

    name: str
    percent: int = 0
    minor: int = 0


@dataclass(frozen=True)
class History:
    """A shopper's coupons of the last 24 hours: rule and decision time of each, oldest first."""

    issued: tuple[tuple[str, int], ...] = ()

    @classmethod
    def parse(cls, text: str | None) -> Self:
        """What `text` gave, or an empty history for None."""
        return cls(tuple((rule, at_ms) for rule, at_ms in json.loads(text or "[]")))

    @property
    def text(self) -> str:
        return json.dumps(self.issued, separators=(",", ":"))

    def add(self, rule: str, now_ms: int) -> Self:
        return type(self)((*self.recent(now_ms).issued, (rule, now_ms)))

    def recent(self, now_ms: int) -> Self:
        """Without what is 24 hours old."""
        return type(self)(tuple(entry for entry in self.issued if now_ms - entry[1] < DAY_MS))


def long_past(candidate: Candidate, now_ms: int, policy: Policy) -> bool:
    """Whether the cause is history: published again, read again from the start, or left lying in an outage.

    Counted from the event to the decision, without the wait that the rule itself asks for.
    """
    to_publication_ms = candidate.published_ms - candidate.occurred_ms
    return to_publication_ms + now_ms - candidate.due_ms > policy.longest_past_ms


def earns_coupon(candidate: Candidate, history: History, now_ms: int, policy: Policy) -> bool:
    """A claim in a shop was promised a coupon and is only capped; the rest cool down as well."""
    today = history.recent(now_ms).issued
    if len(today) >= policy.most_per_day:
        return False
    if candidate.rule == "qr_claim":
        return True
    return all(rule != candidate.rule or now_ms - at_ms >= policy.cooldown_ms for rule, at_ms in today)


TIER_PERCENT = {"none": 5, "silver": 8, "gold": 10, "vip": 15}
# From this basket on an amount off sells better than a percentage and costs a known sum.
LARGE_BASKET_MINOR = 50_000


def choose_offer(candidate: Candidate) -> Offer:
    """The better the tier the larger the discount; the favourite category adds, a large basket gets an amount."""
    percent = TIER_PERCENT.get(candidate.membership_tier, TIER_PERCENT["none"])
    match candidate.rule:
        case "qr_claim":
            return Offer("shop_red_envelope", minor=100 * percent)
        case "abandoned_cart" if candidate.basket_minor >= LARGE_BASKET_MINOR:
            return Offer("basket_amount_off", minor=candidate.basket_minor * percent // 100 // 100 * 100)
        case "abandoned_cart":
            return Offer("basket_percent_off", percent=percent)
        case _ if candidate.category is not None and candidate.category == candidate.favourite_category:
            return Offer("favourite_category_percent_off", percent=percent + 5)
        case _:
            return Offer("product_percent_off", percent=percent)


def lane(candidate: Candidate) -> str:
    return "vip" if candidate.membership_tier == "vip" else "normal"


def coupon_id(shopper_id: str, campaign_id: str, rule: str, cause_event_id: str) -> str:
    """The same cause always gives the same id: a replay is dropped by whoever received it before."""
    return str(uuid5(COUPONS, SEPARATOR.join((shopper_id, campaign_id, rule, cause_event_id))))
