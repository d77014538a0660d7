"""Tell, for each red envelope claimed, whether membership, marketing and inventory have all done their part."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from coupons.database import Database, Effects
from services import inventory, marketing, membership
from services.run import database, module
from settings import Services

Found = TypeVar("Found")


@dataclass(frozen=True)
class Claim:
    """A claim by its event_id: `points` and `prize` (reserved or out_of_stock) are None until they are there."""

    event_id: str
    points: int | None
    coupon: bool
    prize: str | None
    complete: bool


def claims(config: Services) -> list[Claim]:
    """Every claim that at least one of the three has seen, by event_id; raises Unreachable when a database is away.

    Each service is asked for itself: of a claim that is under way, one may have done its part and another not.
    """
    points = _ask(config, "membership", membership.claimed)
    coupons = _ask(config, "marketing", marketing.claimed)
    prizes = _ask(config, "inventory", inventory.prizes)
    return [
        Claim(
            event_id=event_id,
            points=points.get(event_id),
            coupon=event_id in coupons,
            prize=prizes.get(event_id),
            complete=event_id in points and event_id in coupons and event_id in prizes,
        )
        for event_id in sorted(points.keys() | coupons | prizes.keys())
    ]


def _ask(config: Services, name: str, question: Callable[[Effects], Found]) -> Found:
    found = Database(database(config, name), module(name).TABLES)
    try:
        with found.transaction(write=False) as effects:
            return question(effects)
    finally:
        found.close()
