"""Propose what a campaign would give for a candidate: whether at all, which offer, at what cost. Pure.

The reference, for plans and tests. The job's own is jobs/campaign_rules.py; tests/campaigns/governance_cases.py holds
both to one answer.
"""

import hashlib
import json
from dataclasses import dataclass

from campaigns.definition import Campaign, Offer, Segment
from jobs import coupon_rules
from jobs.coupon_rules import SEPARATOR
from jobs.own_rules import Ask
from model import choice
from model.definition import Model

# Patterns about the whole basket: a percentage is of what is in it.
OFF_THE_BASKET = ("abandoned_cart", "basket_threshold", "checkout_hesitation")


@dataclass(frozen=True)
class Candidate:
    """A pattern matched for a shopper; times in milliseconds since 1970, money in minor units, None: not known."""

    rule: str
    shopper_id: str
    cause_event_id: str
    membership_tier: str
    occurred_ms: int
    published_ms: int
    due_ms: int
    category: str | None = None
    store_id: str | None = None
    price_minor: int | None = None
    basket_minor: int = 0
    nth: int | None = None
    product_id: str | None = None
    currency: str | None = None
    favourite_category: str | None = None
    features: str | None = None


@dataclass(frozen=True)
class Proposal:
    """An offer of a campaign for a candidate; `offer` is None where the draw gave nothing.

    `score` is what the campaign's rule expects of the offer; without a rule what a model expects it to earn, else 0.
    `latest_ms` is the last moment at which it may be sent; None for ever.
    """

    campaign: Campaign
    candidate: Candidate
    offer: Offer | None
    cost_minor: int
    score: float = 0.0
    latest_ms: int | None = None


def propose(
    campaign: Campaign,
    candidate: Candidate,
    now_ms: int,
    longest_past_ms: int,
    ask: Ask | None = None,
    model: Model | None = None,
) -> Proposal | None:
    """What an active campaign proposes, or None where it is not for this candidate now.

    `longest_past_ms` is the deadline of a campaign that names none. Of one that names a rule nobody is let in unless
    `ask`, which knows the rules, gives a score. One that chooses by the model asks `model`; without one, by tier.
    """
    if not campaign.starts_ms <= now_ms < campaign.ends_ms or candidate.rule not in campaign.patterns:
        return None
    if not invited(campaign, candidate):
        return None
    score = 0.0
    if campaign.rule is not None:
        given = None if ask is None else ask(campaign.rule, for_rules(candidate), now_ms)
        if given is None:
            return None
        score = given
    if not campaign.offers_for(candidate.membership_tier):
        return None
    if campaign.offers[0].odds is not None:
        offer = drawn(campaign, candidate)
    elif campaign.choice.by == "model" and model is not None:
        offer, earns = by_model(campaign, candidate, model)
        score = earns if campaign.rule is None else score
    else:
        offer = chosen(campaign, candidate.membership_tier)
    deadline_ms = longest_past_ms if campaign.deadline_ms is None else campaign.deadline_ms
    latest_ms = now_ms + deadline_ms - age_ms(candidate, now_ms)
    return Proposal(campaign, candidate, offer, 0 if offer is None else cost_minor(offer, candidate), score, latest_ms)


def for_rules(candidate: Candidate) -> coupon_rules.Candidate:
    """The candidate as the job has it, for a rule of the shop's own; when it was read nobody knows."""
    return coupon_rules.Candidate(**vars(candidate), campaign_id=None, read_ms=candidate.published_ms)


def age_ms(candidate: Candidate, now_ms: int) -> int:
    """How old the cause is, without the wait that the pattern itself asks for."""
    return candidate.published_ms - candidate.occurred_ms + now_ms - candidate.due_ms


def invited(campaign: Campaign, candidate: Candidate) -> bool:
    """Whether the candidate is of the audience; what is not known is not of it."""
    audience = campaign.audience
    return (
        (audience.tiers is None or candidate.membership_tier in audience.tiers)
        and (audience.categories is None or candidate.category in audience.categories)
        and (audience.stores is None or candidate.store_id in audience.stores)
        and (audience.least_basket_minor is None or candidate.basket_minor >= audience.least_basket_minor)
        and (audience.nth is None or candidate.nth == audience.nth)
        and (audience.segments is None or any(segment_holds(candidate, one) for one in audience.segments.values()))
    )


def segment_holds(candidate: Candidate, segment: Segment) -> bool:
    """Whether the candidate's features lie within every bound."""
    known = features_of(candidate)
    return all(feature in known and bounds.hold(known[feature]) for feature, bounds in segment.items())


def features_of(candidate: Candidate) -> dict[str, int]:
    """What is known of the shopper, whole numbers by name; a pattern of the shop's own may give any text, or none."""
    try:
        found = json.loads(candidate.features or "{}")
    except ValueError:
        return {}
    named = found.items() if isinstance(found, dict) else ()
    return {name: value for name, value in named if isinstance(value, int) and not isinstance(value, bool)}


def by_model(campaign: Campaign, candidate: Candidate, model: Model) -> tuple[Offer, float]:
    """The offer that the model expects to earn most, or one drawn to explore, and what it is expected to earn."""
    offers = campaign.offers_for(candidate.membership_tier)
    base = candidate.basket_minor if candidate.rule in OFF_THE_BASKET else candidate.price_minor
    found = choice.choose(
        choice.Moment(candidate.rule, candidate.membership_tier, base, candidate.basket_minor, candidate.features),
        [offer.model_dump() for offer in offers],
        [cost_minor(offer, candidate) for offer in offers],
        model,
        campaign.choice.margin_percent,
        campaign.choice.explore,
        uniform(campaign.holdout.salt, campaign.name, candidate.shopper_id, candidate.cause_event_id, "explore"),
    )
    return offers[found.place], found.value_minor


def chosen(campaign: Campaign, tier: str) -> Offer | None:
    """The last offer that names the tier, else the first that names none."""
    named = [offer for offer in campaign.offers if offer.tiers is not None and tier in offer.tiers]
    plain = [offer for offer in campaign.offers if offer.tiers is None]
    return named[-1] if named else next(iter(plain), None)


def drawn(campaign: Campaign, candidate: Candidate) -> Offer | None:
    """The offer that the odds give for this cause, in stock or not; None is no luck."""
    u = uniform(campaign.holdout.salt, campaign.name, candidate.shopper_id, candidate.cause_event_id)
    cumulated = 0.0
    for offer in campaign.offers_for(candidate.membership_tier):
        cumulated += offer.odds or 0.0
        if u < cumulated:
            return offer
    return None


def held_out(campaign: Campaign, shopper_id: str) -> bool:
    """Whether the shopper gets nothing of the campaign, ever: drawn once by salt and name."""
    return uniform(campaign.holdout.salt, campaign.name, shopper_id) < campaign.holdout.share


def uniform(*parts: str) -> float:
    """A number of [0, 1) that the parts alone decide, the same in Java: 53 bits of their SHA-256."""
    digest = hashlib.sha256(SEPARATOR.join(parts).encode()).digest()
    return float((int.from_bytes(digest[:8], "big") >> 11) * 2.0**-53)


def cost_minor(offer: Offer, candidate: Candidate) -> int:
    """The most that the offer costs the shop: a percentage is of the basket where that is it, else of the price."""
    if offer.kind != "coupon":
        return offer.cost_minor
    if not offer.percent:
        return offer.minor
    base = candidate.basket_minor if candidate.rule in OFF_THE_BASKET else candidate.price_minor
    return min(offer.most_minor, base * offer.percent // 100) if base else offer.most_minor
