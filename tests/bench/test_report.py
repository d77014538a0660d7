"""The tables of docs/performance.md come from the figures, and say whether a goal is held."""

from typing import Any

import pytest

from bench import drain
from bench.growth import drains, part
from bench.nexmark import queries
from bench.report import BEGIN, END, tables, written

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


def test_parts_without_new_figures_stay_as_they_are() -> None:
    old = "### Live latency\n\nmeasured before\n\n### Draining a backlog\n\nold\n"
    page = written(f"{BEGIN}\n{old}\n{END}", figures())
    assert page.index("### Draining a backlog") < page.index("### Live latency\n\nmeasured before\n")
    assert "old" not in page
    assert written(page, {}) == page


def test_a_query_stands_beside_what_others_published() -> None:
    run = {"events_per_s": 90_000.0, "events_per_s_per_core": 50_000.0, "cores": 1.8, "broker_cores": 0.2}
    other = {**run, "events_per_s_per_core": 52_000.0}
    nexmark = {"events": 3_000, "repeats": 2, "partitions": 4, "load_before": 0.5}
    table = tables({"nexmark": {**nexmark, "queries": {"q5": queries.summary([run, other])}}})
    assert "| q5 | 90,000 | 1.80 | 51,000 (50,000–52,000) | 0.20 | 22,140 | 10.8 |" in table


def test_bytes_a_user_are_without_what_is_there_for_nobody() -> None:
    users = {
        str(count): {
            "users": count,
            "jobs": {job: {"state_bytes": 5e6 + 300 * count, "heap_bytes": 1e8 + 900 * count} for job in drains.JOBS},
        }
        for count in (6_000, 60_000, 600_000)
    }
    assert part.bytes_per_user(users)["coupons"] == {"state_bytes": 300.0, "heap_bytes": 900.0}
    assert part.bytes_per_user({"10000": users["6000"]}) == {}


def test_a_page_without_markers_is_left_alone() -> None:
    with pytest.raises(ValueError, match="needs the lines"):
        written("nothing", figures())


def test_vips_are_written_without_touching_the_rest() -> None:
    vip = {
        "seconds": 40.0,
        "load_before": 0.5,
        "vip": {"p50": 41, "p99": 300, "max": 400, "coupons": 320},
        "others_per_s": {"alone": 11_000, "beside_vips": 10_500, "beside_vip_flood": 2_400},
        "vip_flood_per_s": 7_000,
        "others_backlog": 600_000,
        "flood_per_s": 25_000,
        "vip_stages_ms": {"fetch and decode": 20.5},
    }
    drained = "### Draining a backlog\n\ndrained\n"
    page = written(f"{BEGIN}\n{drained}\n### VIPs beside a flood\n\nold\n\n{END}between\n", {"vip": vip})
    assert page.startswith(f"{BEGIN}\n{drained}\n### VIPs beside a flood\n\n250 clicks/s")
    assert page.endswith(f"{END}between\n") and "old" not in page
    assert "| 41 | 300 | 400 | 320 | < 300 | no | 25,000 | 11,000 | 10,500 | 2,400 | 600,000 |" in page
