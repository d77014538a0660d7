"""The service in docs/prices.md keeps the newest price of a category, as it stands there."""

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ingest import Publisher
from schemas.topics import PRICES
from settings import Pulsar
from tests.databases import rows
from tests.pages import service
from tests.waiting import eventually

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]
START = datetime(2026, 11, 11, 20, tzinfo=UTC)


def change(category: str, percent: int, minute: int) -> dict[str, Any]:
    return {
        "price_id": str(uuid.uuid4()),
        "category": category,
        "rule_version": 1,
        "reason": "below_low",
        "previous_percent": percent + 5,
        "price_percent": percent,
        "window_kind": "hop_5m",
        "window_start": START + timedelta(minutes=minute - 5),
        "window_end": START + timedelta(minutes=minute),
        "viewers": 200,
        "buyers": 0,
        "conversion_rate": 0.0,
        "low": 0.02,
        "high": 0.05,
        "floor_percent": 80,
        "ceiling_percent": 100,
        "decided_at": START + timedelta(minutes=minute, seconds=5),
    }


def test_example_keeps_the_newest_price_of_each_category(own_topics: Pulsar, tmp_path: Path) -> None:
    first, second = change("tea", 95, 1), change("tea", 90, 2)
    with Publisher(own_topics, topic=PRICES.path, record=PRICES.record) as prices:
        # A repeat after the next, a change that comes late, and a last one to wait for.
        for one in (first, second, first, change("tea", 85, 0), change("cup", 80, 3)):
            prices.send(prices.encode(one), one["category"], one)
    with service("prices.md", "sqlite:var/category_prices.db", own_topics, tmp_path) as url:
        eventually(lambda: rows(url, "SELECT percent FROM category_prices WHERE category = 'cup'"), [(80,)])
    assert rows(url, "SELECT category, percent FROM category_prices ORDER BY category") == [("cup", 80), ("tea", 90)]
