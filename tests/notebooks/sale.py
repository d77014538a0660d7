"""Make a warehouse that looks like ten minutes of a flash sale: visits, coupons, what became of them, some trouble."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import warehouse
from tests.warehouse.landing import START, Row, event, land

LENGTH_S = 600
BURST_S = (240, 360)
CATEGORIES = {"drinks": 1_200, "phones": 389_900, "shoes": 49_900, "toys": 8_800, "books": 4_500}
# Steps of a visit in order, each with the chance to go on to it.
STEPS = {"product_viewed": 1.0, "product_added": 0.34, "checkout_started": 0.55, "order_completed": 0.7}
# Of each rule: milliseconds until read, decided and sent in the middle of the sale, and the chance to be used.
RULES = {"hesitation": (9, 12, 4, 0.3), "abandoned_cart": (11, 15, 4, 0.22), "qr_claim": (8, 6, 4, 0.6)}


def land_sale(folder: Path, seed: int = 11) -> None:
    chance = random.Random(seed)
    events = list(visits(chance))
    coupons = [coupon(chance, number, cause) for number, cause in enumerate(events[::25])]
    events += [use for row in coupons for use in uses(chance, row)]
    late = [row for row in events if row["event_type"] == "product_viewed"][::150]
    land(folder, "events", events)
    land(folder, "coupons", coupons)
    land(folder, "late_events", [late_event(chance, row) for row in late])
    land(folder, "dead_letters", dead_letters(chance))
    land(folder, "duplicates", [{**row, "read_at": row["published_at"]} for row in events[::400]])
    land(folder, "conversion", conversion(folder))


def visits(chance: random.Random) -> Iterator[Row]:
    number = 0
    for visit in range(3_000):
        start_s = chance.uniform(*BURST_S) if chance.random() < 0.75 else chance.uniform(0, LENGTH_S)
        moment = START + timedelta(seconds=start_s)
        category = chance.choices(list(CATEGORIES), weights=[5, 3, 3, 2, 1])[0]
        for step, goes_on in STEPS.items():
            # In the burst people come to buy.
            if chance.random() > goes_on * (1.1 if BURST_S[0] < start_s < BURST_S[1] else 0.9):
                break
            for _ in range(chance.randint(1, 3) if step == "product_viewed" else 1):
                moment += timedelta(seconds=chance.expovariate(1 / 3))
                yield at(moment, chance, number, step, visit, category)
                number += 1


def at(moment: datetime, chance: random.Random, number: int, step: str, visit: int, category: str) -> dict[str, Any]:
    published = moment + timedelta(milliseconds=chance.randint(20, 400))
    return event(
        number,
        event_type=step,
        shopper_id=f"shopper-{visit % 2_200}",
        session_id=f"visit-{visit}",
        product_id=f"{category}-{chance.randint(1, 9)}",
        category=category,
        campaign_id=chance.choice(["11.11", "11.11", None]),
        order_id=f"order-{visit}" if step == "order_completed" else None,
        quantity=chance.randint(1, 2),
        price_minor=CATEGORIES[category],
        occurred_at=moment,
        published_at=published,
        read_at=published + timedelta(milliseconds=chance.randint(4, 40)),
    )


def coupon(chance: random.Random, number: int, cause: Row) -> dict[str, Any]:
    rule = chance.choices(list(RULES), weights=[6, 3, 2])[0]
    burst = 4 if START + timedelta(seconds=BURST_S[0]) < cause["occurred_at"] else 1
    read_ms, decided_ms, sent_ms = (chance.lognormvariate(0, 0.7) * ms * burst for ms in RULES[rule][:3])
    published = cause["published_at"]
    waited = timedelta(seconds=30) if rule == "abandoned_cart" else timedelta(0)
    read = published + timedelta(milliseconds=read_ms)
    decided = max(read, published + waited) + timedelta(milliseconds=decided_ms)
    sent = decided + timedelta(milliseconds=sent_ms)
    return {
        "coupon_id": f"coupon-{number}",
        "shopper_id": cause["shopper_id"],
        "campaign_id": cause["campaign_id"] or "always-on",
        "rule": rule,
        "offer": "product_percent_off",
        "discount_percent": 10,
        "discount_minor": 0,
        "currency": "CNY",
        "membership_tier": "none",
        "basket_minor": 0,
        "lane": "normal",
        "occurred_at": cause["occurred_at"],
        "published_at": published,
        "due_at": published + waited,
        "read_at": read,
        "decided_at": decided,
        "sent_at": sent,
        # Some were for the hour of the sale, the others are good for years.
        "expires_at": sent + (timedelta(hours=1) if chance.random() < 0.4 else timedelta(days=9_000)),
    }


def uses(chance: random.Random, row: Row) -> Iterator[Row]:
    if chance.random() > RULES[row["rule"]][3]:
        return
    moment = row["sent_at"] + timedelta(seconds=chance.lognormvariate(3.5, 0.8))
    order_id = f"order-of-{row['coupon_id']}"
    use = event(
        event_id=f"applied-{row['coupon_id']}",
        event_type="coupon_applied",
        shopper_id=row["shopper_id"],
        session_id=f"use-of-{row['coupon_id']}",
        coupon_id=row["coupon_id"],
        occurred_at=moment,
        published_at=moment,
    )
    yield use
    if chance.random() < 0.6:
        price = chance.choice(list(CATEGORIES.values()))
        bought = {"event_type": "order_completed", "order_id": order_id, "quantity": 1, "price_minor": price}
        yield {**use, "event_id": f"bought-{row['coupon_id']}", **bought}


def late_event(chance: random.Random, row: Row) -> dict[str, Any]:
    late_by_ms = int(chance.lognormvariate(5.5, 0.9) * 1_000)
    return {
        **{name: row[name] for name in ("event_id", "event_type", "shopper_id", "occurred_at", "published_at")},
        "reason": f"{late_by_ms} ms past watermark and lateness",
        "late_by_ms": late_by_ms,
        "first_seen_at": row["published_at"],
    }


def dead_letters(chance: random.Random) -> list[dict[str, Any]]:
    reasons = {
        ("quantity is 0; 1 is the least", "quantity"): 31,
        ("not Avro: end of input after 3 bytes", None): 12,
        ("event_type is 'product_vewed', which the contract does not allow", "event_type"): 8,
        ("occurred_at is 3 h ahead; 5 min is the most", "occurred_at"): 3,
    }
    return [
        {"reason": reason, "field": field, "first_seen_at": START + timedelta(seconds=chance.uniform(0, LENGTH_S))}
        for (reason, field), count in reasons.items()
        for _ in range(count)
    ]


def conversion(folder: Path) -> list[dict[str, Any]]:
    """What the conversion job would publish of the landed events: 10 s windows, all and by category."""
    figures = """
        WITH steps AS (
            SELECT *, 'all' AS dimension, 'all' AS value FROM events
            UNION ALL
            SELECT *, 'category', category FROM events WHERE category IS NOT NULL
        )
        SELECT 'tumble_10s' AS window_kind, time_bucket(INTERVAL '10 seconds', occurred_at) AS window_start,
            window_start + INTERVAL '10 seconds' AS window_end, dimension, value,
            count(DISTINCT shopper_id) FILTER (event_type = 'product_viewed') AS viewers,
            count(DISTINCT shopper_id) FILTER (event_type = 'product_added') AS adders,
            count(DISTINCT shopper_id) FILTER (event_type = 'checkout_started') AS checkouts,
            count(DISTINCT shopper_id) FILTER (event_type = 'order_completed') AS buyers,
            count(DISTINCT order_id) FILTER (event_type = 'order_completed') AS orders,
            coalesce(sum(price_minor * quantity) FILTER (event_type = 'order_completed'), 0)::BIGINT AS revenue_minor,
            adders / nullif(viewers, 0) AS add_rate, checkouts / nullif(adders, 0) AS checkout_rate,
            buyers / nullif(checkouts, 0) AS buy_rate, buyers / nullif(viewers, 0) AS conversion_rate,
            window_end + INTERVAL '6 seconds' AS computed_at
        FROM steps
        GROUP BY ALL
    """
    return warehouse.query(figures, folder)
