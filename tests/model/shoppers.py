"""Simulated decisions whose true chance of an order is known, in the form of outcomes."""

import json
import math
import random
from typing import Any

from model.choice import Moment, asked
from model.outcomes import Outcome

START_MS, STEP_MS = 1_798_000_000_000, 60_000
OFFERS = (None, 0.05, 0.1, 0.2)


def features(dice: random.Random) -> dict[str, Any]:
    """Features as the stream gives them; four in ten have never bought."""
    orders = dice.choice((0, 0, 0, 0, 1, 1, 2, 3, 5, 9))
    looks = dice.randrange(1, 60)
    lines = orders * 2
    return {
        "events": looks + lines,
        "since_order_ms": dice.randrange(1, 90) * 86_400_000 if orders else None,
        "orders": orders,
        "lines": lines,
        "coupon_lines": dice.randrange(lines + 1),
        "pieces": lines,
        "spent_minor": lines * dice.randrange(500, 9_000),
        "looks": looks,
        "looked_minor": looks * dice.randrange(500, 9_000),
        "adds": dice.randrange(looks),
        "newest_categories": min(16, looks),
        "of_category": dice.randrange(min(16, looks) + 1),
    }


def chance(known: dict[str, Any], share: float | None) -> float:
    """The truth: who bought lately buys, and a discount moves those who buy at discounts."""
    recency = 0.0 if known["since_order_ms"] is None else 2.0 / (1 + known["since_order_ms"] / 86_400_000 / 10)
    sensitive = known["coupon_lines"] / known["lines"] if known["lines"] else 0.5
    return 1 / (1 + math.exp(3.0 - recency - 2 * known["adds"] / known["looks"] - 12 * sensitive * (share or 0.0)))


def outcomes(count: int, seed: int = 1) -> list[Outcome]:
    """So many decisions, a minute apart, offers drawn at random."""
    dice = random.Random(seed)
    return [outcome(dice, number) for number in range(count)]


def outcome(dice: random.Random, number: int) -> Outcome:
    known, share, price_minor = features(dice), dice.choice(OFFERS), dice.randrange(1_000, 20_000)
    rule = dice.choice(("hesitation", "abandoned_cart"))
    moment = Moment(rule, dice.choice(("none", "gold")), price_minor, 0, json.dumps(known))
    kind, cost = (None, 0) if share is None else ("coupon", int(price_minor * share))
    ordered = dice.random() < chance(known, share)
    inputs = asked(moment, kind, cost, 0)
    return Outcome(f"d{number}", START_MS + number * STEP_MS, rule, inputs, ordered, None, None)
