"""The load is steady, ends when told, and a publisher whose clock is wrong has shoppers of its own."""

import time
from itertools import islice

import pytest

from drills.shop import AT_ONCE, steps
from drills.skewed_shop import of_its_own, turn_clock


def test_the_load_is_many_visits_at_once() -> None:
    first = list(islice(steps(1e9, lambda: False), AT_ONCE))
    assert len({step["session_id"] for step in first}) == AT_ONCE


def test_the_load_ends_when_told() -> None:
    answers = iter([False, False, True])
    assert len(list(steps(1e9, lambda: next(answers)))) == 2


def test_the_load_keeps_its_rate() -> None:
    started_s = time.monotonic()
    list(islice(steps(100.0, lambda: False), 21))
    assert time.monotonic() - started_s >= 0.2


def test_a_wrong_clock_is_wrong_by_so_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 5_000_000_000)
    turn_clock(-3)
    assert time.time_ns() == 2_000_000_000


def test_another_publisher_has_other_shoppers() -> None:
    step = {"user_id": None, "anonymous_id": "device-1", "event_type": "qr_scanned"}
    assert of_its_own(step, "behind") == {**step, "anonymous_id": "behind-device-1"}
