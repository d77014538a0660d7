"""The checks agree with a plain Python count of the same events, and name the figure that is wrong."""

import random
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.warehouse.landing import START, Row, event, land
from warehouse import differences

STEPS = {"product_viewed": "viewers", "product_added": "adders", "checkout_started": "checkouts"}
WINDOWS = {
    "tumble_10s": (timedelta(seconds=10), timedelta(seconds=10)),
    "tumble_1m": (timedelta(minutes=1), timedelta(minutes=1)),
    "hop_5m": (timedelta(minutes=5), timedelta(minutes=1)),
}
GAP = timedelta(seconds=20)
COUNTS = ("viewers", "adders", "checkouts", "buyers", "orders", "revenue_minor")


def sale(seed: int) -> list[dict[str, Any]]:
    """400 events of 20 shoppers in the nine minutes around an hour's end; every tenth is late."""
    chance = random.Random(seed)
    shopper_ids = [f"shopper-{number}" for number in range(20)]
    return [
        event(
            number,
            event_type=chance.choice([*STEPS, "order_completed", "cart_viewed"]),
            shopper_id=(shopper := chance.choice(shopper_ids)),
            session_id=f"{shopper}-{chance.randrange(2)}",
            order_id=f"order-{chance.randrange(30)}",
            product_id=chance.choice([None, "tea", "cup"]),
            category=chance.choice([None, "drinks"]),
            campaign_id=chance.choice([None, "11.11"]),
            quantity=chance.randrange(1, 4),
            price_minor=chance.randrange(10_000),
            currency=chance.choice(["CNY", "CNY", "EUR"]),
            occurred_at=START + timedelta(minutes=55, milliseconds=chance.randrange(540_000)),
        )
        for number in range(400)
    ]


def counted(events: Iterable[Row]) -> list[dict[str, Any]]:
    """The conversion rows that the stream must publish for these events."""
    groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in events:
        if row["event_type"] == "cart_viewed":
            continue
        for kind, (size, slide) in WINDOWS.items():
            for start in starts(row["occurred_at"], size, slide):
                for dimension, value in (
                    ("all", "all"),
                    ("campaign", row["campaign_id"]),
                    ("category", row["category"]),
                    ("product", row["product_id"]),
                ):
                    if value is not None:
                        groups[kind, start, start + size, dimension, value].append(row)
    return [conversion_row(key, rows) for key, rows in groups.items()]


def starts(moment: datetime, size: timedelta, slide: timedelta) -> list[datetime]:
    last = moment - (moment - START) % slide
    return [last - slide * number for number in range(size // slide)]


def conversion_row(key: tuple[Any, ...], rows: list[Row]) -> dict[str, Any]:
    def shoppers(kind: str) -> int:
        return len({row["shopper_id"] for row in rows if row["event_type"] == kind})

    viewers, adders, checkouts = (shoppers(kind) for kind in STEPS)
    bought = [row for row in rows if row["event_type"] == "order_completed"]
    buyers = shoppers("order_completed")
    return {
        **dict(zip(("window_kind", "window_start", "window_end", "dimension", "value"), key, strict=True)),
        "viewers": viewers,
        "adders": adders,
        "checkouts": checkouts,
        "buyers": buyers,
        "orders": len({row["order_id"] for row in bought}),
        "revenue_minor": sum(row["price_minor"] * row["quantity"] for row in bought if row["currency"] == "CNY"),
        "add_rate": adders / viewers if viewers else None,
        "checkout_rate": checkouts / adders if adders else None,
        "buy_rate": buyers / checkouts if checkouts else None,
        "conversion_rate": buyers / viewers if viewers else None,
        "computed_at": START,
    }


def sessions(events: Iterable[Row]) -> list[dict[str, Any]]:
    """The session rows that the stream must publish for these events."""
    visits: dict[tuple[str, str], list[list[Row]]] = defaultdict(list)
    for row in sorted(events, key=lambda row: row["occurred_at"]):
        found = visits[row["shopper_id"], row["session_id"]]
        if not found or row["occurred_at"] - found[-1][-1]["occurred_at"] > GAP:
            found.append([])
        found[-1].append(row)
    return [session_row(visit, rows) for visit, found in visits.items() for rows in found]


def session_row(visit: tuple[str, str], rows: list[Row]) -> dict[str, Any]:
    kinds = [row["event_type"] for row in rows]
    bought = [row for row in rows if row["event_type"] == "order_completed"]
    return {
        "shopper_id": visit[0],
        "session_id": visit[1],
        "window_start": rows[0]["occurred_at"],
        "window_end": rows[-1]["occurred_at"] + GAP,
        "views": kinds.count("product_viewed"),
        "adds": kinds.count("product_added"),
        "checkouts": kinds.count("checkout_started"),
        "orders": len({row["order_id"] for row in bought}),
        "revenue_minor": sum(row["price_minor"] * row["quantity"] for row in bought if row["currency"] == "CNY"),
        "computed_at": START,
    }


def land_sale(folder: Path, seed: int) -> list[Row]:
    """Land a sale's events, and of the late ones their mark; the events that figures count."""
    events = sale(seed)
    late = events[::10]
    land(folder, "events", events)
    land(folder, "late_events", [{"event_id": row["event_id"], "first_seen_at": START} for row in late])
    return [row for row in events if row not in late]


@pytest.mark.parametrize("seed", range(3))
def test_a_right_stream_shows_no_difference(seed: int, tmp_path: Path) -> None:
    on_time = land_sale(tmp_path, seed)
    land(tmp_path, "conversion", counted(on_time))
    land(tmp_path, "session_results", sessions(on_time))
    assert differences.conversion("CNY", tmp_path) == []
    assert differences.sessions("CNY", GAP, tmp_path) == []


def test_a_wrong_figure_is_named(tmp_path: Path) -> None:
    on_time = land_sale(tmp_path, seed=7)
    rows = counted(on_time)
    wrong = next(row for row in rows if row["window_kind"] == "hop_5m" and row["dimension"] == "product")
    land(tmp_path, "conversion", [{**row, "orders": row["orders"] + (row is wrong)} for row in rows])
    (found,) = differences.conversion("CNY", tmp_path)
    assert found == {
        **{name: wrong[name] for name in ("window_kind", "window_start", "window_end", "dimension", "value")},
        "figure": "orders",
        "from_events": str(wrong["orders"]),
        "from_stream": str(wrong["orders"] + 1),
    }


def test_one_lost_event_shows(tmp_path: Path) -> None:
    on_time = land_sale(tmp_path, seed=8)
    lost = next(row for row in on_time if row["event_type"] == "order_completed" and row["currency"] == "CNY")
    counted_by_stream = [row for row in on_time if row is not lost]
    land(tmp_path, "conversion", counted(counted_by_stream))
    land(tmp_path, "session_results", sessions(counted_by_stream))
    figures = {row["figure"] for row in differences.conversion("CNY", tmp_path)}
    assert "revenue_minor" in figures
    assert lost["shopper_id"] in {row["shopper_id"] for row in differences.sessions("CNY", GAP, tmp_path)}


def test_without_results_every_figure_differs(tmp_path: Path) -> None:
    land(tmp_path, "events", [event(event_type="checkout_started", product_id=None, category=None)])
    found = differences.conversion("CNY", tmp_path)
    # One tumbling window of each size and five hops; six counts and buyers / checkouts in each.
    assert len(found) == 7 * 7
    assert {row["from_stream"] for row in found} == {None}


@pytest.mark.parametrize("seed", range(3))
def test_late_events_are_counted_where_that_is_asked(seed: int, tmp_path: Path) -> None:
    on_time = land_sale(tmp_path, seed)
    published = counted(on_time)
    land(tmp_path, "conversion", published)
    found = differences.late("CNY", tmp_path)
    key = ("window_kind", "window_start", "window_end", "dimension", "value")
    figures = {(*(row[name] for name in key), name): row[name] for row in published for name in COUNTS}
    # What was published, with each correction in its place, is what a count of all events gives.
    figures |= {
        (*(row[name] for name in key), row["figure"]): int(row["corrected"]) for row in found if row["figure"] in COUNTS
    }
    every = counted(sale(seed))
    assert figures == {(*(row[name] for name in key), name): row[name] for row in every for name in COUNTS}
    assert {row["published"] for row in found if row["figure"] == "orders"} - {None}


def test_open_window_without_a_late_event_is_no_correction(tmp_path: Path) -> None:
    land(tmp_path, "events", [event(event_type="checkout_started", product_id=None, category=None)])
    assert differences.late("CNY", tmp_path) == []
