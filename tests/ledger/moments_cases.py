"""Write the cases that hold the job's moments, in Java, and the reference to one answer.

`python -m tests.ledger.moments_cases` runs seeded shoppers through the reference and writes their events and the
moments found. connector's MomentCasesTest finds the same.
"""

import json
import random
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ledger.event import Event
from ledger.moments import Thresholds, moments

FILE = Path(__file__).with_suffix(".json")
START_MS = 1_798_000_000_000
SECOND_MS, HOUR_MS, DAY_MS = 1_000, 3_600_000, 86_400_000
# The forgetting times are those of connector's test.
THRESHOLDS = Thresholds(
    forget_after_ms=HOUR_MS,
    price_drop_percent=10,
    price_drop_within_ms=DAY_MS,
    lapsed_after_ms=60 * DAY_MS,
    basket_threshold_minor=1_000,
    checkout_hesitation_within_ms=600 * SECOND_MS,
    remember_buyers_ms=400 * DAY_MS,
)
SHOPPERS, EVENTS = 20, 60
TYPES = {
    "product_viewed": 8,
    "product_added": 5,
    "product_removed": 2,
    "checkout_started": 4,
    "cart_viewed": 4,
    "order_completed": 2,
    "order_refunded": 1,
    "red_envelope_claimed": 1,
}
# Never within a second of a forgetting time: the job's timers have that precision.
GAPS_MS = (1, 20 * SECOND_MS, 300 * SECOND_MS, 2 * HOUR_MS, 30 * HOUR_MS, 45 * DAY_MS, 70 * DAY_MS, 410 * DAY_MS)
ODDS = (20, 40, 20, 6, 4, 4, 4, 1)


def events(dice: random.Random) -> list[Event]:
    """What one shopper does; some of it arrives late."""
    arrived_ms, found = START_MS, []
    for number in range(EVENTS):
        arrived_ms += dice.choices(GAPS_MS, ODDS)[0]
        kind = dice.choices(list(TYPES), list(TYPES.values()))[0]
        of_product = kind.startswith(("product_", "order_completed"))
        event = Event(
            event_id=f"event-{number}",
            event_type=kind,
            occurred_ms=arrived_ms - dice.choice((0, 0, 0, 0, 400 * SECOND_MS)),
            appended_ms=arrived_ms,
            product_id=f"p{int(dice.paretovariate(0.7)) % 40}" if of_product else None,
            price_minor=dice.choice((250, 275, 280, 300, 600)) if of_product else None,
            quantity=dice.choice((None, 1, 2)) if of_product else None,
            currency=dice.choice((None, "CNY", "CNY", "CNY", "EUR")),
            order_id=f"o{dice.randrange(30)}" if kind.startswith("order") else None,
            store_id=dice.choice((None, "s1")),
        )
        found.append(event)
    return found


def cases() -> dict[str, Any]:
    """Every shopper's events, and the moments as pattern, event and number."""
    dice = random.Random(2027)
    shoppers = []
    for _ in range(SHOPPERS):
        course = events(dice)
        found = [[one.rule, one.event.event_id, one.nth] for one in moments(course, THRESHOLDS)]
        written = [{key: value for key, value in asdict(one).items() if value is not None} for one in course]
        shoppers.append({"events": written, "moments": found})
    return {"thresholds": asdict(THRESHOLDS), "shoppers": shoppers}


def text() -> str:
    return json.dumps(cases(), indent=None, separators=(",", ":")).replace('{"events"', '\n{"events"') + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
