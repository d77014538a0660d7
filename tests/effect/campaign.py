"""Land a campaign whose true effect is known: decisions and orders, split by a hash as governance splits them."""

import hashlib
import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.warehouse.landing import START, event, land

TIERS = {"none": 0.03, "vip": 0.08}
HOLDOUT = 0.2
# A coupon costs 300 and a tea 12,000; half as many buy again.
COST_MINOR, PRICE_MINOR = 300, 12_000


def land_campaign(
    folder: Path,
    name: str = "new-year",
    shoppers: int = 6_000,
    factor: float = 1.6,
    holdout: float = HOLDOUT,
    lost: float = 0.0,
    seed: int = 7,
) -> None:
    """Who is treated buys `factor` times as often as TIERS says; of those held out the share `lost` never lands."""
    chance = random.Random(seed)
    decisions: list[dict[str, Any]] = []
    orders: list[dict[str, Any]] = []
    for number in range(shoppers):
        shopper, tier = f"{name}-shopper-{number}", chance.choice(list(TIERS))
        held_out = _hash(name, shopper) < holdout
        if held_out and chance.random() < lost:
            continue
        since = START + timedelta(seconds=chance.uniform(0, 20_000))
        decisions += _decisions(name, shopper, tier, held_out, since)
        buys = chance.random() < TIERS[tier] * (1 if held_out else factor)
        orders += _orders(shopper, since, chance, buys, caused=number % 3 == 0)
    part = f"part-{name}"
    land(folder, "decisions", decisions, part)
    land(folder, "events", [event(event_id=f"{name}-{number}", **order) for number, order in enumerate(orders)], part)


def _hash(name: str, shopper: str) -> float:
    return int.from_bytes(hashlib.sha256(f"2027/{name}/{shopper}".encode()).digest()[:8]) / 2**64


def _decisions(name: str, shopper: str, tier: str, held_out: bool, since: Any) -> Iterator[dict[str, Any]]:
    outcome = "held_out" if held_out else "issued"
    # Again a minute later: a cap.
    for minute, fate in enumerate((outcome, "capped")):
        at = since + timedelta(minutes=minute)
        yield {
            "decision_id": f"{shopper}-{minute}",
            "campaign_id": name,
            "campaign_version": 1,
            "shopper_id": shopper,
            "membership_tier": tier,
            "rule": "hesitation",
            "cause_event_id": f"cause-{shopper}",
            "outcome": fate,
            "offer": "ten_percent",
            "kind": "coupon",
            "cost_minor": COST_MINOR if fate == "issued" else 0,
            "currency": "CNY",
            "lane": "normal",
            "score": 0.5,
            "occurred_at": at,
            "due_at": at,
            "decided_at": at + timedelta(milliseconds=12),
        }


def _orders(shopper: str, since: Any, chance: random.Random, buys: bool, caused: bool) -> Iterator[dict[str, Any]]:
    """One order before the campaign for every third shopper, which nobody may count; and those that count."""
    moments = [since - timedelta(minutes=5)] * caused
    if buys:
        moments += [since + timedelta(seconds=chance.uniform(1, 9_000)) for _ in range(1 + (chance.random() < 0.5))]
    for number, moment in enumerate(moments):
        yield {
            "event_type": "order_completed",
            "user_id": shopper,
            "shopper_id": shopper,
            "order_id": f"{shopper}-{number}",
            "price_minor": PRICE_MINOR,
            "quantity": 1,
            "occurred_at": moment,
            "published_at": moment,
        }
