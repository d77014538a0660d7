"""A level rises at once at its limit, and ends only after a calm below another one."""

import pytest

from pressure.level import Hysteresis, Level, Limits

LIMITS = Limits(pressed_from_s=5, pressed_until_s=2, overloaded_from_s=60, overloaded_until_s=20, calm_for_s=15)
NORMAL, PRESSED, OVERLOADED = Level.NORMAL, Level.PRESSED, Level.OVERLOADED


def course(*steps: tuple[float, float]) -> list[Level]:
    """The levels of a course of lags, each with its moment."""
    hysteresis = Hysteresis(LIMITS)
    return [hysteresis.next(lag_s, now_s) for lag_s, now_s in steps]


@pytest.mark.parametrize(
    ("lag_s", "level"), [(4.999, NORMAL), (5, PRESSED), (59.999, PRESSED), (60, OVERLOADED), (0, NORMAL)]
)
def test_level_begins_at_its_limit_and_at_once(lag_s: float, level: Level) -> None:
    assert course((lag_s, 0)) == [level]


def test_lag_between_the_limits_ends_nothing_however_long() -> None:
    assert course((5, 0), (2, 10), (4.9, 1_000), (2, 9_000)) == [PRESSED] * 4


def test_level_ends_after_the_calm_and_not_a_moment_before() -> None:
    assert course((5, 0), (1.999, 10), (0, 24.999), (0, 25)) == [PRESSED, PRESSED, PRESSED, NORMAL]


def test_calm_that_is_broken_begins_anew() -> None:
    assert course((5, 0), (0, 10), (2, 20), (0, 21), (0, 35.9), (0, 36))[-2:] == [PRESSED, NORMAL]


def test_overload_ends_by_way_of_pressed_with_a_calm_for_each() -> None:
    found = course((60, 0), (19.9, 1), (0, 16), (0, 30.9), (0, 31))
    assert found == [OVERLOADED, OVERLOADED, PRESSED, PRESSED, NORMAL]


def test_overload_that_falls_between_the_limits_stays_pressed() -> None:
    assert course((60, 0), (19, 1), (19, 16), (19, 500)) == [OVERLOADED, OVERLOADED, PRESSED, PRESSED]


def test_pressed_becomes_overloaded_at_once_and_forgets_its_calm() -> None:
    assert course((5, 0), (1, 1), (60, 2), (1, 3), (1, 17.9), (1, 18)) == [PRESSED, PRESSED, *[OVERLOADED] * 3, PRESSED]
