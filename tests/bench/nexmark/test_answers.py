"""A right result has no difference to DuckDB's answer, and each kind of wrong one has."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from bench.nexmark.answers import differences

BEGINS = datetime(2026, 1, 1, tzinfo=UTC)
TIME = pa.timestamp("ms", tz="UTC")


def at(seconds: float) -> datetime:
    return BEGINS + timedelta(seconds=seconds)


def bid(auction: int, bidder: int, seconds: float, price: int = 100) -> dict[str, Any]:
    return {"auction": auction, "bidder": bidder, "price": price, "date_time": at(seconds)}


BIDS = [bid(1, 7, 0), bid(1, 7, 10), bid(2, 7, 20.001, price=200), bid(1, 8, 20.001), bid(2, 7, 21, price=300)]


def window(key: str, whose: int, bids: int, begins: float, ends: float) -> dict[str, Any]:
    return {key: whose, "bids": bids, "window_start": at(begins), "window_end": at(ends)}


def newest(auction: int, bidder: int, seconds: float, price: int) -> dict[str, Any]:
    url = "https://www.nexmark.com/google/item.htm?query=1"
    return {**bid(auction, bidder, seconds, price), "channel": "Google", "url": url}


RIGHT = {
    "q5": [
        *(window("auction", 1, 1, begins, begins + 10) for begins in (-8, -6, -4, -2, 0, 2, 4, 6, 8, 10)),
        # Two bids for one auction, one for the other.
        *(window("auction", 2, 2, begins, begins + 10) for begins in (12, 14, 16, 18, 20)),
    ],
    "q11": [
        # Windows that touch are one; a millisecond more is another.
        window("bidder", 7, 2, 0, 20),
        window("bidder", 7, 2, 20.001, 31),
        window("bidder", 8, 1, 20.001, 30.001),
    ],
    "q12": [window("bidder", 7, 1, 500, 510), window("bidder", 7, 3, 510, 520), window("bidder", 8, 1, 510, 520)],
    "q18": [
        newest(1, 7, 0, 100),
        newest(1, 7, 10, 100),
        newest(2, 7, 20.001, 200),
        newest(2, 7, 21, 300),
        newest(1, 8, 20.001, 100),
    ],
}


def table(rows: list[dict[str, Any]]) -> pa.Table:
    made = pa.Table.from_pylist(rows)
    for name in ("date_time", "window_start", "window_end"):
        if name in made.column_names:
            made = made.set_column(made.schema.get_field_index(name), name, made[name].cast(TIME))
    return made


@pytest.mark.parametrize("query", RIGHT)
def test_a_right_result_differs_in_nothing(query: str) -> None:
    assert differences(query, table(BIDS), table(RIGHT[query])) == []


@pytest.mark.parametrize(("query", "missing"), [("q5", 0), ("q11", 0), ("q11", 2), ("q12", 0), ("q18", 3), ("q18", 4)])
def test_a_row_that_is_missing_is_found(query: str, missing: int) -> None:
    rows = [row for number, row in enumerate(RIGHT[query]) if number != missing]
    assert differences(query, table(BIDS), table(rows))


@pytest.mark.parametrize("query", ["q5", "q11", "q12"])
def test_a_row_too_many_is_found(query: str) -> None:
    assert differences(query, table(BIDS), table([*RIGHT[query], RIGHT[query][0]]))


@pytest.mark.parametrize(
    ("query", "change"),
    [
        ("q5", {"bids": 2}),
        ("q5", {"window_end": at(3)}),
        ("q11", {"window_start": at(1)}),
        ("q12", {"window_end": at(511)}),
        ("q18", {"price": 101}),
        ("q18", {"url": "https://www.nexmark.com/baidu/item.htm?query=1"}),
    ],
)
def test_a_wrong_value_is_found(query: str, change: dict[str, Any]) -> None:
    rows = [{**RIGHT[query][0], **change}, *RIGHT[query][1:]]
    assert differences(query, table(BIDS), table(rows))


def test_nothing_landed_is_a_difference(tmp_path: Path) -> None:
    assert differences("q5", table(BIDS), tmp_path) == [("nothing has landed",)]
