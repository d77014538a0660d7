"""Decide what a candidate is worth where no campaign file says so, and under which id. Pure: time is an argument."""

from dataclasses import dataclass
from uuid import UUID, uuid5

# Names every coupon id; changing it would issue every coupon again.
COUPONS = UUID("6f3f0d0e-8a34-5d0f-9a4e-2b1f5f6c2027")
# Unit separator: no key holds it, so two different causes never join to one text.
SEPARATOR = "\x1f"


@dataclass(frozen=True)
class Candidate:
    """A pattern matched for a shopper; times in milliseconds since 1970, money in minor units.

    `nth` counts what the pattern counts, null where it does not. `features` is a JSON object of what is known of the
    shopper at this moment (docs/personalisation.md), null where the pattern's .sql does not give it.
    """

    rule: str
    shopper_id: str
    campaign_id: str | None
    cause_event_id: str
    product_id: str | None
    category: str | None
    price_minor: int | None
    currency: str | None
    store_id: str | None
    membership_tier: str
    favourite_category: str | None
    basket_minor: int
    nth: int | None
    occurred_ms: int
    published_ms: int
    due_ms: int
    read_ms: int
    features: str | None = None


@dataclass(frozen=True)
class Policy:
    """What a coupon without a campaign file is given under: `cooldown_ms` between two of one rule to one shopper.

    A cause more than `longest_past_ms` ago earns nothing, where the campaign has no deadline of its own.
    """

    campaign_id: str
    currency: str
    cooldown_ms: int
    valid_ms: int
    longest_past_ms: int


@dataclass(frozen=True)
class Offer:
    """A discount: percent of the price, or an amount in minor units; the other is 0."""

    name: str
    percent: int = 0
    minor: int = 0


def latest_ms(candidate: Candidate, deadline_ms: int) -> int:
    """The last moment for a coupon; later its cause is history: published again, read again from the start, or left
    lying in an outage.

    The deadline counts from the event to the sending, without the wait that the rule itself asks for.
    """
    to_publication_ms = candidate.published_ms - candidate.occurred_ms
    return candidate.due_ms + deadline_ms - to_publication_ms


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
