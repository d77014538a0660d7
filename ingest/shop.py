"""Model the shoppers: who they are, what they look at, and how far each visit goes.

A visit is a list of steps. Every probability is a field of `Shop`, so a test can turn one alone:

    browse ──▶ view ─┬─▶ view again (hesitates) ─┬─▶ add ──▶ checkout ──▶ pay
                     └─▶ next product            └─▶ (leaves: abandoned)   └─▶ (leaves: abandoned)

Products are drawn by Zipf's law (few sell a lot), as web shops measure them; see docs/simulator.md.
"""

import itertools
import random
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

CATEGORIES = ("tea", "shoes", "phones", "toys", "snacks", "books", "lamps", "coats")
TIERS = ("none", "silver", "gold", "vip")
TIER_SHARES = (0.62, 0.22, 0.12, 0.04)
SOURCES = ("app", "web", "mini_program")


@dataclass(frozen=True)
class Shop:
    """The model's parameters; shares and probabilities are from 0 to 1, prices in minor units."""

    shoppers: int = 50_000
    products: int = 400
    zipf_exponent: float = 1.05
    campaign_id: str = "new-year"
    campaign_share: float = 0.35
    anonymous_share: float = 0.25
    products_seen_mean: float = 3.0
    hesitates: float = 0.01
    adds: float = 0.06
    removes: float = 0.08
    checks_out: float = 0.55
    pays: float = 0.7
    scans_code: float = 0.01
    stores: int = 40
    cumulative: tuple[float, ...] = field(init=False, repr=False, default=())

    def __post_init__(self) -> None:
        weights = [1 / rank**self.zipf_exponent for rank in range(1, self.products + 1)]
        object.__setattr__(self, "cumulative", tuple(itertools.accumulate(weights)))


Step = dict[str, Any]


def visits(shop: Shop, seed: int) -> Iterator[list[Step]]:
    """Endless visits, the same for the same seed; each step is an event without its ids and times."""
    dice = random.Random(seed)
    for number in itertools.count():
        yield visit(shop, dice, number)


def visit(shop: Shop, dice: random.Random, number: int) -> list[Step]:
    """One visit, first step first; never empty."""
    shopper = dice.randrange(shop.shoppers)
    anonymous = dice.random() < shop.anonymous_share
    # The shopper's number decides the tier, so that it is the same at every visit.
    tier = TIERS[bisect(tuple(itertools.accumulate(TIER_SHARES)), (shopper * 0.6180339887) % 1.0)]
    base: Step = {
        "user_id": None if anonymous else f"user-{shopper:06}",
        "anonymous_id": f"device-{shopper:06}",
        "session_id": f"visit-{number:08x}",
        "campaign_id": shop.campaign_id if dice.random() < shop.campaign_share else None,
        "membership_tier": "none" if anonymous else tier,
        "source": dice.choice(SOURCES),
        "currency": "CNY",
    }
    if dice.random() < shop.scans_code:
        store = f"store-{dice.randrange(shop.stores):03}"
        scan = {**base, "event_type": "qr_scanned", "store_id": store, "source": "mini_program", "currency": None}
        claim = {**scan, "event_type": "red_envelope_claimed"}
        return [scan, claim] if dice.random() < 0.6 else [scan]
    steps: list[Step] = [{**base, "event_type": "product_list_viewed", "category": dice.choice(CATEGORIES)}]
    basket: list[Step] = []
    for _ in range(1 + min(20, int(dice.expovariate(1 / shop.products_seen_mean)))):
        product = {**base, **_product(shop, dice)}
        looks = 3 if dice.random() < shop.hesitates else 1
        steps += [{**product, "event_type": "product_viewed"}] * looks
        if looks == 1 and dice.random() < shop.adds:
            line = {**product, "quantity": 1 + (dice.random() < 0.2)}
            steps.append({**line, "event_type": "product_added"})
            if dice.random() < shop.removes:
                steps.append({**line, "event_type": "product_removed"})
            else:
                basket.append(line)
    if basket and dice.random() < shop.checks_out:
        steps.append({**base, "event_type": "checkout_started"})
        if dice.random() < shop.pays:
            order = f"order-{number:08x}"
            steps.append({**base, "event_type": "payment_info_entered"})
            steps += [{**line, "event_type": "order_completed", "order_id": order} for line in basket]
    return steps


def _product(shop: Shop, dice: random.Random) -> Step:
    number = bisect(shop.cumulative, dice.random() * shop.cumulative[-1])
    # Deterministic in the number: a product has one category and one price.
    return {
        "product_id": f"product-{number:04}",
        "category": CATEGORIES[number % len(CATEGORIES)],
        "price_minor": 990 + (number * 7919) % 200_000,
    }
