"""The tables of docs/performance.md come from the figures, and say whether a goal is held."""

from typing import Any

import pytest

from bench import drain
from bench.report import BEGIN, END, VIP_BEGIN, VIP_END, tables, written

RATES: dict[str, list[float]] = {
    "landing": [100.0, 110.0],
    "conversion": [50.0, 50.0],
    "coupons": [300.0, 330.0],
    "transport": [200.0, 220.0],
    "loop": [100.0, 110.0],
    "bytewax": [101.0, 112.0],
    "flink_sql": [400.0, 400.0],
    "read": [180.0, 180.0],
    "deduplicate": [150.0, 150.0],
}


def figures() -> dict[str, Any]:
    return {"drain": {"events": 3_000_000, "repeats": 2, "load_before": 0.5, **drain.summary(RATES)}}


def test_a_goal_is_held_from_its_ratio_on() -> None:
    lines = tables(figures()).splitlines()
    assert "| coupons to loop | 3.00 | 3.00 | 3.00 | ≥ 3.00 | yes |" in lines
    assert "| coupons to bytewax | 2.96 | 2.95 | 2.97 | ≥ 3.00 | no |" in lines


def test_each_step_has_what_it_adds() -> None:
    table = tables(figures())
    assert "| deduplicate: ids in keyed state, checkpoints | 150 | 6666.7 | 1111.1 |" in table


def test_only_what_is_between_the_markers_is_written() -> None:
    page = written(f"before\n{BEGIN}old\n{END}after\n", figures())
    assert page.startswith(f"before\n{BEGIN}")
    assert page.endswith(f"{END}after\n")
    assert "old" not in page


def test_a_page_without_markers_is_left_alone() -> None:
    with pytest.raises(ValueError, match="needs the lines"):
        written("nothing", figures())


def test_vips_are_written_without_touching_the_rest() -> None:
    vip = {
        "apart": {
            "seconds": 40.0,
            "load_before": 0.5,
            "vip": {"p50": 41, "p99": 301, "max": 400, "coupons": 320},
            "others_per_s": {"alone": 11_000, "beside_vips": 10_500},
            "flood_per_s": 25_000,
            "vip_stages_ms": {"fetch and decode": 20.5},
        }
    }
    page = written(f"{BEGIN}drained\n{END}between\n{VIP_BEGIN}old\n{VIP_END}", {"vip": vip})
    assert page.startswith(f"{BEGIN}drained\n{END}between\n{VIP_BEGIN}")
    assert (
        "| in a job and TaskManager of their own | 41 | 301 | 400 | 320 | ≤ 300 | no | 25,000 | 11,000 | 10,500 | 0.5 |"
        in page
    )
