"""Write the cases that hold the coupons job's features, in Java, and warehouse/features.sql to one answer.

`python -m tests.warehouse.feature_cases` asks DuckDB about seeded shoppers' events, and writes both down. connector's
FeatureCasesTest finds the same features, event by event.
"""

import json
import random
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from warehouse.connection import text

FILE = Path(__file__).with_suffix(".json")
START_MS = 1_798_000_000_000
SECOND_MS, DAY_MS = 1_000, 86_400_000
# Of connector's test.
CURRENCY, BUYER_DAYS, VISITOR_DAYS = "CNY", 400, 30
SHOPPERS, EVENTS = 16, 60
TYPES = {"product_viewed": 9, "product_added": 4, "cart_viewed": 2, "order_completed": 6, "order_refunded": 1}
# Never within a second of a forgetting time: the job's timers have that precision. In one batch 0 ms lie between.
GAPS_MS = (0, 1, 20 * SECOND_MS, DAY_MS, 29 * DAY_MS, 31 * DAY_MS, 399 * DAY_MS, 401 * DAY_MS)
ODDS = (60, 60, 120, 30, 9, 9, 2, 2)
GIVEN = (
    "shopper_id",
    "event_id",
    "event_type",
    "occurred_ms",
    "appended_ms",
    "price_minor",
    "quantity",
    "currency",
    "order_id",
    "coupon_id",
    "category",
    "message_id",
)
LANDED = """
CREATE TABLE events AS
SELECT * REPLACE (price_minor::BIGINT AS price_minor, quantity::INTEGER AS quantity, order_id::VARCHAR AS order_id,
        coupon_id::VARCHAR AS coupon_id),
    make_timestamptz(occurred_ms * 1000) AS occurred_at, make_timestamptz(appended_ms * 1000) AS appended_at
FROM given
"""
NAMES = (
    "events",
    "since_order_ms",
    "orders",
    "lines",
    "coupon_lines",
    "pieces",
    "spent_minor",
    "looks",
    "looked_minor",
    "adds",
    "newest_categories",
    "of_category",
)
FEATURES = """
SELECT shopper_id, event_id, features_text(known, category) AS features
FROM features($currency, to_days($buyers::INTEGER), to_days($visitors::INTEGER)) AS known
ORDER BY shopper_id, appended_at, events
"""


def events(dice: random.Random, shopper: str) -> list[dict[str, Any]]:
    """What one shopper does; some of it arrives late."""
    arrived_ms, found = START_MS, []
    # Some never buy, some hardly do anything else, and some are a bot with prices beyond every bound.
    kinds = {**TYPES, "order_completed": dice.choice((0, 6, 6, 40))}
    prices = (0, 250, 600, 1_999) if dice.random() < 0.9 else (100_000_000_000,)
    for number in range(EVENTS):
        arrived_ms += dice.choices(GAPS_MS, ODDS)[0]
        kind = dice.choices(list(kinds), list(kinds.values()))[0]
        of_product = kind.startswith(("product_", "order_completed"))
        event = {
            "shopper_id": shopper,
            "event_id": f"{shopper}-{number}",
            "event_type": kind,
            "occurred_ms": arrived_ms - dice.choice((0, 0, 0, 400 * SECOND_MS)),
            "appended_ms": arrived_ms,
            "price_minor": dice.choice(prices) if of_product else None,
            "quantity": dice.choice((None, 1, 3, 10_000)) if of_product else None,
            "currency": dice.choice((None, "CNY", "CNY", "CNY", "EUR")),
            # Eight orders are told apart.
            "order_id": f"o{dice.randrange(10)}" if kind.startswith("order") else None,
            "coupon_id": dice.choice((None, None, "c1")) if kind == "order_completed" else None,
            # More of them than are remembered.
            "category": dice.choice((None, *(f"c{int(dice.paretovariate(0.7)) % 20}" for _ in range(5)))),
        }
        found.append({key: value for key, value in event.items() if value is not None})
    return found


def by_sql(landed: list[dict[str, Any]]) -> list[tuple[str, str, dict[str, Any]]]:
    """Shopper, event and features of landed events, in order; they came as the list has them."""
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        placed = [{**row, "message_id": f"7:{number // 3}:0:{number % 3}"} for number, row in enumerate(landed)]
        given = pa.Table.from_pylist([{name: row.get(name) for name in GIVEN} for row in placed])
        database.register("given", given)
        database.execute(LANDED)
        database.execute(text("features"))
        values = {"currency": CURRENCY, "buyers": BUYER_DAYS, "visitors": VISITOR_DAYS}
        rows = database.execute(FEATURES, values).fetchall()
        return [(shopper_id, event_id, json.loads(features)) for shopper_id, event_id, features in rows]


@cache
def cases() -> list[dict[str, Any]]:
    """Every shopper's events, and the features after each, in the order of NAMES."""
    dice = random.Random(2027)
    courses = [events(dice, f"shopper-{number:02}") for number in range(SHOPPERS)]
    found: dict[str, list[list[Any]]] = defaultdict(list)
    for shopper, _, features in by_sql([event for course in courses for event in course]):
        found[shopper].append([features[name] for name in NAMES])
    return [{"events": course, "features": found[course[0]["shopper_id"]]} for course in courses]


def written() -> str:
    whole = json.dumps({"names": NAMES, "shoppers": cases()}, separators=(",", ":"))
    return whole.replace('{"events":[', '\n{"events":[') + "\n"


if __name__ == "__main__":
    FILE.write_text(written(), encoding="utf-8")
