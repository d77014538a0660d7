"""Say what each campaign would give a candidate, and within which limits. Pure: time is an argument.

Governance, behind it, knows what was issued before and picks one (docs/campaigns.md). A campaign is the JSON object
that `hongbao campaign apply` publishes, with its version; a proposal is what connector's Proposal reads.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from jobs.coupon_rules import SEPARATOR, Candidate, Policy, choose_offer, coupon_id, lane, latest_ms
from jobs.own_rules import Ask
from model import choice
from model.choice import Chosen, Moment
from model.definition import Model

# A basket's discount is off the basket, any other off the product.
BASKET_RULES = ("abandoned_cart", "basket_threshold", "checkout_hesitation")
# What earns a coupon where no campaign says anything; any other pattern is for campaigns alone.
BUILT_IN = ("abandoned_cart", "hesitation", "high_value_browsing", "qr_claim")


# VIPs are some 4 % of shoppers, and look at dearer things. What they leave of it nobody else gets.
VIP_SHARE = 0.1
# Two jobs cannot count together. Each counts to the end of its part, and the parts are never more than the whole.
Part = Literal["whole", "vip", "others"]
WHOLE: Part = "whole"
VIP: Part = "vip"
OTHERS: Part = "others"


def propose(
    candidate: Candidate,
    campaigns: Sequence[Mapping[str, Any]] | None,
    policy: Policy,
    now_ms: int,
    ask: Ask,
    model: Model | None = None,
    part: Part = WHOLE,
) -> list[dict[str, Any]]:
    """A proposal for each campaign that may answer; without any that covers the pattern (None), the built-in one.

    A campaign that names a rule of the shop's own may answer where the rule, which `ask` knows, gives a score. One that
    chooses by the model asks `model`, and without one chooses by tier. Whether the moment is past is not asked here:
    governance does, right before it sends.
    """
    if campaigns is None:
        return [built_in(candidate, policy)] if candidate.rule in BUILT_IN else []
    return [
        proposal
        for campaign in campaigns
        if (score := _score(candidate, campaign, now_ms, ask)) is not None
        and (proposal := of_campaign(candidate, campaign, policy.longest_past_ms, score, model, part)) is not None
    ]


def _score(candidate: Candidate, campaign: Mapping[str, Any], now_ms: int, ask: Ask) -> float | None:
    # A version that was applied before there were rules does not have the key.
    rule = campaign.get("rule")
    return 0.0 if rule is None else ask(rule, candidate, now_ms)


def built_in(candidate: Candidate, policy: Policy) -> dict[str, Any]:
    """What a shopper gets where marketing has said nothing."""
    name = candidate.campaign_id or policy.campaign_id
    offer = choose_offer(candidate)
    return {
        "id": coupon_id(candidate.shopper_id, name, candidate.rule, candidate.cause_event_id),
        "campaign": name,
        "version": None,
        "priority": 0,
        "score": 0.0,
        "offer": offer.name,
        "kind": "coupon",
        "percent": offer.percent,
        "minor": offer.minor,
        "points": 0,
        "cost_minor": offer.minor or (price_base(candidate) or 0) * offer.percent // 100,
        "currency": candidate.currency or policy.currency,
        "lane": lane(candidate),
        "valid_ms": policy.valid_ms,
        "ends_ms": 0,
        "latest_ms": latest_ms(candidate, policy.longest_past_ms),
        "time_zone": "UTC",
        "held_out": False,
        "stock": None,
        "per_shopper": None,
        "per_shopper_per_day": None,
        "per_day": None,
        "cooldown_ms": policy.cooldown_ms,
        "exclusive_group": None,
        "money_minor": None,
        "pieces": None,
        **how_chosen(None, None, None),
    }


def of_campaign(
    candidate: Candidate,
    campaign: Mapping[str, Any],
    longest_past_ms: int,
    score: float = 0.0,
    model: Model | None = None,
    part: Part = WHOLE,
) -> dict[str, Any] | None:
    """What the campaign would give; None where it has no offer for the shopper's tier.

    `longest_past_ms` is the deadline of a campaign that names none. The `score`, of its rule, ranks it among those of
    its priority; without a rule what the model expects it to earn. `part` is which of the limits the asking job may
    count to.
    """
    offers = [
        offer for offer in campaign["offers"] if offer["tiers"] is None or candidate.membership_tier in offer["tiers"]
    ]
    if not offers:
        return None
    offer, by, chosen = pick(candidate, campaign, offers, model)
    if chosen is not None and campaign.get("rule") is None:
        score = chosen.value_minor
    deadline_ms = longest_past_ms if campaign["deadline_ms"] is None else campaign["deadline_ms"]
    name, caps, budget, holdout = campaign["name"], campaign["caps"], campaign["budget"], campaign["holdout"]
    tiers, share = campaign["audience"]["tiers"], vip_share(budget)
    return {
        "id": coupon_id(candidate.shopper_id, name, candidate.rule, candidate.cause_event_id),
        "campaign": name,
        "version": campaign["version"],
        "priority": campaign["priority"],
        "score": score,
        "offer": None if offer is None else offer["name"],
        "kind": None if offer is None else offer["kind"],
        "percent": 0 if offer is None else offer["percent"],
        "minor": 0 if offer is None else offer["minor"],
        "points": 0 if offer is None else offer["points"],
        "cost_minor": 0 if offer is None else cost_minor(candidate, offer),
        "currency": budget["currency"],
        "lane": lane(candidate) if campaign["lane"] == "by_tier" else campaign["lane"],
        "valid_ms": campaign["valid_ms"],
        "ends_ms": campaign["ends_ms"],
        "latest_ms": latest_ms(candidate, deadline_ms),
        "time_zone": campaign["time_zone"],
        "held_out": held_out(candidate.shopper_id, name, holdout),
        "stock": None if offer is None else limit(offer["stock"], part, share, tiers, offer["tiers"]),
        "per_shopper": caps["per_shopper"],
        "per_shopper_per_day": caps["per_shopper_per_day"],
        "per_day": limit(caps["per_day"], part, share, tiers),
        "cooldown_ms": caps["cooldown_ms"],
        "exclusive_group": campaign["exclusive_group"],
        "money_minor": limit(budget["money_minor"], part, share, tiers),
        "pieces": limit(budget["pieces"], part, share, tiers),
        **how_chosen(by, model, chosen),
    }


def vip_share(budget: Mapping[str, Any]) -> float:
    """The VIPs' share of a campaign's limits."""
    # A version that was applied before VIPs had a job of their own does not have the key.
    return float(budget.get("vip_share", VIP_SHARE))


def limit(most: int | None, part: Part, share: float, *audiences: Sequence[str] | None) -> int | None:
    """How much of `most` the part may count to; whole for the one whose tiers alone are in every audience.

    What the VIPs' share is rounded down by, the others have: together they are exactly `most`.
    """
    if most is None or part == WHOLE:
        return most
    if any(tiers is not None and "vip" not in tiers for tiers in audiences):
        vip = 0
    elif any(tiers is not None and set(tiers) == {"vip"} for tiers in audiences):
        vip = most
    else:
        vip = int(most * share)
    return vip if part == VIP else most - vip


def how_chosen(by: str | None, model: Model | None, chosen: Chosen | None) -> dict[str, Any]:
    """What lands with a decision, so that a training knows what was expected and how likely it was."""
    asked = model if chosen is not None else None
    return {
        "chosen_by": by,
        "model": None if asked is None else asked.name,
        "model_version": None if asked is None else asked.version,
        "propensity": None if chosen is None else chosen.propensity,
        "choice_probability": None if chosen is None else chosen.probability,
    }


def pick(
    candidate: Candidate, campaign: Mapping[str, Any], offers: Sequence[Mapping[str, Any]], model: Model | None
) -> tuple[Mapping[str, Any] | None, str, Chosen | None]:
    """The offer, None where a draw gives none; how it was chosen; and what the model said where it was asked."""
    if offers[0]["odds"] is not None:
        return draw(candidate, campaign, offers), "odds", None
    # A version that was applied before there were models does not have the key.
    asked = campaign.get("choice", {"by": "tier"})
    if asked["by"] == "tier" or model is None:
        return best(offers), "tier", None
    base = price_base(candidate)
    moment = Moment(candidate.rule, candidate.membership_tier, base, candidate.basket_minor, candidate.features)
    chosen = choice.choose(
        moment,
        offers,
        [cost_minor(candidate, offer) for offer in offers],
        model,
        asked["margin_percent"],
        asked["explore"],
        share_of(
            campaign["holdout"]["salt"], campaign["name"], candidate.shopper_id, candidate.cause_event_id, "explore"
        ),
    )
    return offers[chosen.place], chosen.by, chosen


def best(offers: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The last that names the shopper's tier, else the first that is for everybody."""
    named = [offer for offer in offers if offer["tiers"] is not None]
    return named[-1] if named else offers[0]


def draw(
    candidate: Candidate, campaign: Mapping[str, Any], offers: Sequence[Mapping[str, Any]]
) -> Mapping[str, Any] | None:
    """The offer that the scan or claim draws, None for none: the same however often it is asked."""
    salt = campaign["holdout"]["salt"]
    lot = share_of(salt, campaign["name"], candidate.shopper_id, candidate.cause_event_id)
    odds = 0.0
    for offer in offers:
        odds += offer["odds"]
        if lot < odds:
            return offer
    return None


def held_out(shopper_id: str, name: str, holdout: Mapping[str, Any]) -> bool:
    """Whether the shopper is among the share that must get nothing: the same for a campaign's life."""
    return share_of(holdout["salt"], name, shopper_id) < float(holdout["share"])


def share_of(*texts: str) -> float:
    """A number in [0, 1) that looks random and depends on the texts alone: 53 bits of their SHA-256."""
    digest = hashlib.sha256(SEPARATOR.join(texts).encode()).digest()
    return float(int.from_bytes(digest[:8], "big") >> 11) * 2.0**-53


def cost_minor(candidate: Candidate, offer: Mapping[str, Any]) -> int:
    """The most that the offer can cost the shop, in minor units."""
    if offer["kind"] != "coupon":
        return int(offer["cost_minor"])
    if not offer["percent"]:
        return int(offer["minor"])
    base = price_base(candidate)
    return int(offer["most_minor"] if not base else min(offer["most_minor"], base * offer["percent"] // 100))


def price_base(candidate: Candidate) -> int | None:
    return candidate.basket_minor if candidate.rule in BASKET_RULES else candidate.price_minor
