"""A plan moves the price through a landed day's windows as the job would have."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from prices.plan import Day, Moved, on, sentence
from tests.prices.rules import rule
from tests.warehouse.landing import START, land


def minute(number: int, viewers: int, buyers: int, **changed: Any) -> dict[str, Any]:
    start = START + timedelta(minutes=number)
    return {
        "window_kind": "tumble_1m",
        "window_start": start,
        "window_end": start + timedelta(minutes=1),
        "dimension": "category",
        "value": "tea",
        "computed_at": start,
        **dict.fromkeys(("adders", "checkouts", "orders", "revenue_minor"), 0),
        **{"viewers": viewers, "buyers": buyers, **changed},
    }


def test_price_moves_through_the_landed_windows_of_the_rule(tmp_path: Path) -> None:
    rows = [
        minute(0, 10, 0),
        minute(2, 10, 9),
        minute(1, 9, 0),
        minute(3, 10, 9),
        minute(4, 10, 0, value="cup"),
        minute(5, 10, 0, dimension="product"),
        minute(6, 10, 0, window_kind="tumble_10s"),
        minute(24 * 60, 10, 0),
    ]
    land(tmp_path, "conversion", rows)
    day = on(START.date(), rule(), tmp_path)
    ends = [(START + timedelta(minutes=number)).isoformat(timespec="seconds") for number in (1, 3, 4)]
    assert day == Day(
        "tea",
        windows=4,
        with_enough_viewers=3,
        lowest_percent=90,
        highest_percent=110,
        changes=[Moved(ends[0], "below_low", 90), Moved(ends[1], "above_high", 100), Moved(ends[2], "above_high", 110)],
    )
    assert sentence(day).splitlines()[0] == (
        "tea: 3 changes, between 90 and 110 percent; 3 of 4 windows had enough viewers"
    )


def test_day_without_windows_leaves_the_list_price(tmp_path: Path) -> None:
    assert on(START.date(), rule(), tmp_path) == Day("tea", 0, 0, 100, 100)
