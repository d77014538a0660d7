"""The curve is the measured one, its error is told, and slots are never too few for what it says."""

import json
from pathlib import Path

import pytest

from errors import SettingsError
from scaling.capacity import ENDLESS, SHIPPED, Capacity, Point, assumed, fit, read_points
from settings import Autoscale


def points(job: str = "coupons", one: float = 20_000, serial: float = 0.1, *misses: float) -> list[Point]:
    """Two points at each of 1, 2 and 4 slots, off the curve by these shares in turn."""
    off = misses or (0.0,)
    slots = (1, 1, 2, 2, 4, 4)
    return [
        Point(job, n, one * n / (1 + serial * (n - 1)) * (1 + off[number % len(off)]), "test")
        for number, n in enumerate(slots)
    ]


def test_curve_is_found_again_and_misses_nothing() -> None:
    found = fit("coupons", points())
    assert found.one == pytest.approx(20_000, rel=1e-4)
    assert found.serial == pytest.approx(0.1, abs=1e-4)
    assert found.error < 1e-4
    assert (found.points, found.measured_slots) == (6, 4)


def test_error_is_as_large_as_the_points_are_off() -> None:
    found = fit("coupons", points("coupons", 20_000, 0.1, 0.1, -0.1))
    assert found.one == pytest.approx(20_000, rel=0.05)
    assert 0.08 < found.error < 0.16
    assert found.sure(2) == pytest.approx(found.of(2) * (1 - found.error))


def test_job_measured_on_one_number_of_slots_has_the_serial_share_of_another() -> None:
    found = fit("coupons", [Point("coupons", 2, 30_000, "test")] * 3 + points("landing"))
    assert found.of(2) == pytest.approx(30_000, rel=1e-4)
    assert found.serial == pytest.approx(0.1, abs=1e-4)


def test_assumed_serial_share_goes_on_from_one_slot() -> None:
    found = assumed("coupons", points("coupons", 20_000, 0.5, 0.05, -0.05), 0.1)
    assert (found.of(1), found.serial, found.points) == (20_000, 0.1, 2)
    assert found.of(2) == pytest.approx(20_000 * 2 / 1.1)
    assert found.error == pytest.approx(0.05 * 2**0.5)
    with pytest.raises(SettingsError, match="landing needs two measured points of one slot"):
        assumed("landing", points("coupons"), 0.1)


@pytest.mark.parametrize(
    ("known", "what"),
    [
        ([Point("coupons", 2, 30_000, "test")] * 3, "any job on two numbers of slots"),
        (points("landing"), "coupons"),
        ([], "coupons"),
    ],
)
def test_without_points_there_is_no_curve(known: list[Point], what: str) -> None:
    with pytest.raises(SettingsError, match=f"nothing was measured of {what}; hongbao bench capacity measures"):
        fit("coupons", known)


@pytest.mark.parametrize("slots", range(1, 13))
def test_slots_for_a_rate_are_the_fewest_that_surely_take_it(slots: int) -> None:
    model = Capacity("coupons", 20_000, 0.05, 0.1, 6, 4)
    assert model.slots_for(model.sure(slots)) == slots
    assert model.slots_for(model.sure(slots) + 1) == slots + 1


def test_serial_work_has_an_end() -> None:
    model = Capacity("coupons", 20_000, 0.5, 0.0, 6, 4)
    assert model.slots_for(39_000) == 39
    assert model.slots_for(40_000) == ENDLESS


def test_points_with_more_slots_than_cores_say_nothing_of_a_slot(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    measured = [{"job": "coupons", "slots": n, "events_per_s": 1_000 * n} for n in (1, 2, 4)]
    file.write_text(json.dumps({"capacity": {"cores": 2, "points": measured}}), encoding="utf-8")
    assert [(point.slots, point.source) for point in read_points(file)] == [(1, "bench.json"), (2, "bench.json")]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[]", "not what hongbao bench writes"),
        ('{"capacity": {"points": []}}', "needs cores and points of job, slots, events_per_s .*'cores'"),
        ('{"capacity": {"cores": 2, "points": [{"job": "a", "slots": 0, "events_per_s": 1}]}}', "slots are at least 1"),
    ],
)
def test_wrong_file_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    file = tmp_path / "bench.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=sentence):
        read_points(file)


def test_shipped_points_fit_every_job_that_is_scaled(tmp_path: Path) -> None:
    found = read_points(tmp_path / "no-bench-yet.json")
    assert found == read_points(SHIPPED)
    for job in Autoscale().jobs:
        assert fit(job, found).error < 0.25
