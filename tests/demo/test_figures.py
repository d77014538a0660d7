"""The demo's verdict: every figure can break it, alone, and is named."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from demo.figures import Figures, first_receipt_s, latency

# At the boundary wherever a figure has one.
HELD = Figures(
    published=100,
    landed=90,
    dead_lettered=4,
    duplicates_dropped=6,
    late=3,
    duplicates_landed=0,
    lost=0,
    coupons=1,
    duplicate_coupons=0,
    coupon_latency_ms={"p50": 50, "p99": 1_000, "max": 5_000},
    landing_freshness_s={"p50": 5, "p99": 15},
    seconds_to_first_coupon=40,
    events_per_second={"steady": 100, "burst": 10_000},
    conversion_differences=0,
    session_differences=0,
)


def test_good_figures_hold() -> None:
    assert (HELD.summary()["held"], HELD.failures) == (True, [])


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        ({"lost": 1}, "1 published messages are nowhere"),
        ({"duplicates_landed": 1}, "1 events landed more than once"),
        ({"duplicate_coupons": 1}, "1 coupons were received more than once"),
        ({"landed": 89}, "100 published, but 89 landed + 4 dead letters + 6 duplicates = 99"),
        ({"coupons": 0}, "no coupon was received"),
        ({"coupon_latency_ms": {"p50": 50, "p99": 1_001, "max": 1_001}}, "coupon p99 is 1001 ms; 1000 ms is the most"),
        ({"landing_freshness_s": {"p50": 5, "p99": 15.1}}, "landing p99 is 15.1 s; 15 s is the most"),
        ({"conversion_differences": 1}, "1 conversion figures differ from the landed events"),
        ({"session_differences": 1}, "1 visits differ from the landed events"),
        ({"published": 0, "landed": 0, "dead_lettered": 0, "duplicates_dropped": 0}, "nothing was published"),
    ],
)
def test_figure_that_does_not_hold_is_named(broken: dict[str, Any], sentence: str) -> None:
    assert replace(HELD, **broken).failures == [sentence]


def test_latency_is_of_the_first_receipt_from_the_moment_it_fell_due(tmp_path: Path) -> None:
    receipts = tmp_path / "receipts.jsonl"
    lines = [("a", 1_000, 1_030), ("a", 1_000, 9_000), ("b", 2_000, 2_050)]
    receipts.write_text(
        "".join(json.dumps({"coupon_id": id, "due_ms": due, "received_ms": got}) + "\n" for id, due, got in lines),
        encoding="utf-8",
    )
    assert latency(receipts) == ({"p50": 30, "p99": 50, "max": 50}, 2, 1)
    assert first_receipt_s(receipts) == 1.03


def test_no_receipt_is_no_coupon(tmp_path: Path) -> None:
    receipts = tmp_path / "receipts.jsonl"
    receipts.touch()
    assert latency(receipts) == ({"p50": 0.0, "p99": 0.0, "max": 0.0}, 0, 0)
    assert first_receipt_s(receipts) is None
