"""Choose an offer by what it is expected to earn, and now and then any, so that the next training sees all. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from model import inputs
from model.definition import Model

Offer = Mapping[str, Any]


@dataclass(frozen=True)
class Moment:
    """What is known when an offer is chosen; `base_minor` is the price or basket that a discount is of."""

    rule: str
    tier: str
    base_minor: int | None
    basket_minor: int
    features: str | None


@dataclass(frozen=True)
class Chosen:
    """The offer's place among those there were, and why: `by` is model or exploration.

    `propensity` is what the model expects of it, `value_minor` what it then earns, `probability` how likely it was to
    be chosen.
    """

    place: int
    by: str
    propensity: float
    value_minor: float
    probability: float


def choose(
    moment: Moment, offers: Sequence[Offer], costs_minor: Sequence[int], model: Model, margin_percent: int,
    explore: float, lot: float,
) -> Chosen:  # fmt: skip
    """One of the offers, each of which costs at most `costs_minor`.

    The `lot`, from 0 up to 1, decides: below `explore` it draws one of all alike, else it is the one worth most.
    """
    values = [
        value(moment, offer, cost, model, margin_percent) for offer, cost in zip(offers, costs_minor, strict=True)
    ]
    # Of equal ones the first in the file.
    best = max(range(len(offers)), key=lambda place: (values[place][1], -place))
    exploring = lot < explore
    place = int(lot / explore * len(offers)) if exploring else best
    probability = explore / len(offers) + (1 - explore) * (place == best)
    return Chosen(place, "exploration" if exploring else "model", *values[place], probability)


def value(moment: Moment, offer: Offer, cost_minor: int, model: Model, margin_percent: int) -> tuple[float, float]:
    """The chance of an order with this offer, and what it is expected to earn in minor units.

    A discount is only paid when there is an order; points and prizes are given either way.
    """
    shopper = inputs.of_shopper(moment.features)
    worth_minor = inputs.worth(moment.base_minor, shopper)
    propensity = model.propensity(asked(moment, offer["kind"], cost_minor, offer["points"]))
    margin_minor = (worth_minor or 0) * margin_percent / 100
    if offer["kind"] == "coupon":
        return propensity, propensity * (margin_minor - cost_minor)
    return propensity, propensity * margin_minor - cost_minor


def asked(moment: Moment, kind: str | None, cost_minor: int, points: int) -> dict[str, float | None]:
    """All that a model is asked about, for one offer; `kind` None for no offer."""
    shopper = inputs.of_shopper(moment.features)
    worth_minor = inputs.worth(moment.base_minor, shopper)
    return {
        **shopper,
        **inputs.of_moment(moment.rule, moment.tier, worth_minor, moment.basket_minor),
        **inputs.of_offer(kind, cost_minor, points, worth_minor),
    }
