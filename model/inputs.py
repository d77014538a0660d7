"""Say what a model is asked about: features, the moment and an offer, as numbers by name. Pure.

A missing number is None: a visitor without an order has no recency. `rule:<pattern>` and `tier:<tier>` are 1 or 0 for
whichever pattern and tier a model names.
"""

import json
from collections.abc import Mapping
from typing import Any

DAY_MS = 86_400_000
Inputs = Mapping[str, float | None]

# Of the shopper at the moment, then of the moment, then of the offer.
OF_SHOPPER = (
    "events",
    "orders",
    "recency_days",
    "spent_minor",
    "mean_piece_minor",
    "looks",
    "mean_look_minor",
    "adds",
    "adds_per_look",
    "affinity",
    "coupon_share",
    "bought_to_looked",
)
OF_MOMENT = ("worth_minor", "basket_minor")
OF_OFFER = ("discount_minor", "discount_share", "points", "prize_minor")
PREFIXES = ("rule:", "tier:")
TIERS = ("none", "silver", "gold", "vip")


def known(name: str) -> bool:
    """Whether a model may name this input."""
    return name in (*OF_SHOPPER, *OF_MOMENT, *OF_OFFER) or (name.startswith(PREFIXES) and name[5:] != "")


def of_shopper(features: str | None) -> dict[str, float | None]:
    """What a decision's features say of the shopper; without any, nothing is known."""
    if features is None:
        return dict.fromkeys(OF_SHOPPER)
    found = json.loads(features)
    pieces, looks, since_ms = found["pieces"], found["looks"], found["since_order_ms"]
    mean_piece, mean_look = _share(found["spent_minor"], pieces), _share(found["looked_minor"], looks)
    return {
        # Frequency, recency, monetary value.
        "events": found["events"],
        "orders": found["orders"],
        "recency_days": None if since_ms is None else since_ms / DAY_MS,
        "spent_minor": found["spent_minor"],
        "mean_piece_minor": mean_piece,
        "looks": looks,
        "mean_look_minor": mean_look,
        "adds": found["adds"],
        "adds_per_look": _share(found["adds"], looks),
        # Of the newest events that name a category, how many name this one.
        "affinity": _share(found["of_category"], found["newest_categories"]),
        # Price sensitivity: how much of what was bought took a coupon, and whether it was cheaper than what was seen.
        "coupon_share": _share(found["coupon_lines"], found["lines"]),
        "bought_to_looked": _share(mean_piece, mean_look),
    }


def of_moment(rule: str, tier: str, worth_minor: int | None, basket_minor: int) -> dict[str, float | None]:
    """What the moment adds: `worth_minor` is what would be bought, None where nobody knows."""
    return {
        "worth_minor": worth_minor,
        "basket_minor": basket_minor,
        **{f"tier:{one}": float(one == tier) for one in TIERS},
        # What a model asks about another pattern is 0: it is not in here (value_of).
        f"rule:{rule}": 1.0,
    }


def of_offer(kind: str | None, cost_minor: int, points: int, worth_minor: int | None) -> dict[str, float | None]:
    """What the offer adds; without one (None), as for who is held out, all is 0."""
    discount = cost_minor if kind == "coupon" else 0
    return {
        "discount_minor": discount,
        "discount_share": _share(discount, worth_minor) if discount else 0.0,
        "points": points,
        "prize_minor": cost_minor if kind == "prize" else 0,
    }


def value_of(inputs: Inputs, name: str) -> float | None:
    """An input by name; another pattern or tier than the moment's is 0."""
    return inputs.get(name, 0.0 if name.startswith(PREFIXES) else None)


def worth(base_minor: int | None, shopper: Mapping[str, Any]) -> int | None:
    """What an order would be worth: the product or basket at hand, else a piece as this shopper buys, or looks at."""
    guess = base_minor or shopper["mean_piece_minor"] or shopper["mean_look_minor"]
    return None if guess is None else int(guess)


def _share(part: float | None, whole: float | None) -> float | None:
    return None if part is None or not whole else part / whole
