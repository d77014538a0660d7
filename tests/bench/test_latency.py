"""Latency counts from the schedule; histograms of repeats add up to one."""

import json
from pathlib import Path
from typing import Any

from bench.latency import budget, histogram, merged, percentiles, receipts, whole_ms


def receipt(occurred_ms: int, received_ms: int, coupon_id: str = "a", **stages: int) -> dict[str, Any]:
    return {"coupon_id": coupon_id, "occurred_ms": occurred_ms, "received_ms": received_ms, **stages}


def test_percentiles_of_repeats_are_of_all_their_coupons() -> None:
    found = percentiles(merged([histogram(range(1, 501)), histogram(range(501, 1_001))]))
    assert found == {"p50": 500, "p99": 990, "p999": 999, "max": 1_000, "coupons": 1_000}


def test_a_clock_that_steps_back_is_no_negative_latency() -> None:
    assert percentiles(histogram([-3]))["max"] == 1


def test_it_counts_from_when_the_event_was_to_be_sent() -> None:
    assert whole_ms(receipt(1_000, 1_250, published_ms=1_200)) == 250


def test_only_the_first_receipt_counts_and_none_of_the_warm_up(tmp_path: Path) -> None:
    file = tmp_path / "receipts.jsonl"
    lines = [receipt(999, 1_001, "warm-up"), receipt(1_000, 1_010), receipt(1_000, 2_000)]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    assert [whole_ms(line) for line in receipts(file, 1_000)] == [10]


def test_the_stages_sum_up_to_the_whole() -> None:
    stages: dict[str, Any] = {
        "published_ms": 1_005,
        "appended_ms": 1_007,
        "read_ms": 1_020,
        "decided_ms": 1_030,
        "sent_ms": 1_031,
    }
    found = receipt(1_000, 1_040, **stages)
    assert list(budget([found]).values()) == [5.0, 2.0, 13.0, 10.0, 1.0, 9.0]
    assert sum(budget([found]).values()) == whole_ms(found)
