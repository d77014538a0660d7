"""Model the shoppers: who they are, what they look at, and how far each visit goes.

A visit is a list of steps. Every probability is a field of `Shop`, so a test can turn one alone:

    browse ──▶ view ─┬─▶ view again (hesitates) ─┬─▶ add ──▶ (cart) ──▶ checkout ─┬─▶ pay
                     └─▶ next product            └─▶ (leaves: abandoned)          └─▶ (cart) ──▶ pay, or leave

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
    """The model's parameters; shares and probabilities are from 0 to 1, prices in minor units.

    What is 0 here draws nothing, so what is measured over these defaults (bench, demos, drills) stays the same stream.
    """

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
    # Below: on in a SALE.
    views_cart: float = 0.0
    returns: float = 0.0
    claims_in_app: float = 0.0
    repriced: float = 0.0
    markdown_percent: int = 20
    # So many visits long a price stays.
    price_holds: int = 400
    cumulative: tuple[float, ...] = field(init=False, repr=False, default=())

    def __post_init__(self) -> None:
        weights = [1 / rank**self.zipf_exponent for rank in range(1, self.products + 1)]
        object.__setattr__(self, "cumulative", tuple(itertools.accumulate(weights)))


# What `hongbao simulate` runs: every pattern finds something in it.
SALE = Shop(views_cart=0.4, returns=0.25, claims_in_app=0.01, repriced=0.25)

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
    if _happens(shop.claims_in_app, dice):
        return [{**base, "event_type": "red_envelope_claimed", "currency": None}]
    steps: list[Step] = [{**base, "event_type": "product_list_viewed", "category": dice.choice(CATEGORIES)}]
    basket: list[Step] = []
    for _ in range(1 + min(20, int(dice.expovariate(1 / shop.products_seen_mean)))):
        product = {**base, **_product(shop, dice, number)}
        looks = 3 if dice.random() < shop.hesitates else 1
        steps += [{**product, "event_type": "product_viewed"}] * looks
        if looks == 1 and dice.random() < shop.adds:
            line = {**product, "quantity": 1 + (dice.random() < 0.2)}
            steps.append({**line, "event_type": "product_added"})
            if dice.random() < shop.removes:
                steps.append({**line, "event_type": "product_removed"})
            else:
                basket.append(line)
    if basket and _happens(shop.views_cart, dice):
        steps.append({**base, "event_type": "cart_viewed"})
    if basket and dice.random() < shop.checks_out:
        steps.append({**base, "event_type": "checkout_started"})
        back = _happens(shop.returns, dice)
        if back:
            steps.append({**base, "event_type": "cart_viewed"})
        if dice.random() < shop.pays:
            if back:
                steps.append({**base, "event_type": "checkout_started"})
            order = f"order-{number:08x}"
            steps.append({**base, "event_type": "payment_info_entered"})
            steps += [{**line, "event_type": "order_completed", "order_id": order} for line in basket]
    return steps


def _happens(probability: float, dice: random.Random) -> bool:
    """Without a throw where it never does: the stream is then what it was without."""
    return probability > 0 and dice.random() < probability


def _product(shop: Shop, dice: random.Random, visit_number: int) -> Step:
    number = bisect(shop.cumulative, dice.random() * shop.cumulative[-1])
    # Deterministic in the number: a product has one category and one list price.
    return {
        "product_id": f"product-{number:04}",
        "category": CATEGORIES[number % len(CATEGORIES)],
        "price_minor": _price_minor(shop, number, visit_number),
    }


def _price_minor(shop: Shop, product: int, visit_number: int) -> int:
    """The list price, or reduced: a repriced product changes every so many visits, each at a time of its own."""
    list_minor = 990 + (product * 7919) % 200_000
    lot = (product * 0.6180339887) % 1.0
    if lot >= shop.repriced or (visit_number / shop.price_holds + lot / shop.repriced) % 2 < 1:
        return list_minor
    return list_minor * (100 - shop.markdown_percent) // 100
