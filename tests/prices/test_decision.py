"""A price moves with the conversion of closed windows, within its bounds, and no more often than its hold."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prices.decision import Change, Level, Window, decide, price_id
from prices.rule import PriceRule
from tests.prices.rules import MINUTE_MS, rule

START_MS = 1_798_000_020_000
NOW_MS = START_MS + 70_000
RULE = rule()


def window(viewers: int, buyers: int, start_ms: int = START_MS, kind: str = "tumble_1m") -> Window:
    return Window(kind, start_ms, start_ms + MINUTE_MS, viewers, buyers)


def decided(level: Level, of: Window, by: PriceRule = RULE, now_ms: int = NOW_MS) -> tuple[int, str] | None:
    """New percent and reason, or None for no change."""
    _, change = decide(by, 1, level, of, now_ms)
    return None if change is None else (change.percent, change.reason)


@pytest.mark.parametrize(
    ("viewers", "buyers", "becomes"),
    [
        (10, 1, (90, "below_low")),
        # The bounds themselves move nothing.
        (10, 2, None),
        (10, 5, None),
        (10, 6, (110, "above_high")),
        (9, 0, None),
        (0, 0, None),
        # Who looked before the window may buy in it.
        (10, 15, (110, "above_high")),
    ],
)
def test_price_moves_outside_low_and_high_from_enough_viewers_on(
    viewers: int, buyers: int, becomes: tuple[int, str] | None
) -> None:
    assert decided(Level(), window(viewers, buyers)) == becomes


@pytest.mark.parametrize(
    ("percent", "buyers", "becomes"),
    [
        (75, 0, (70, "below_low")),
        (70, 0, None),
        (105, 9, (110, "above_high")),
        (110, 9, None),
    ],
)
def test_last_step_ends_at_the_bound(percent: int, buyers: int, becomes: tuple[int, str] | None) -> None:
    assert decided(Level(percent), window(10, buyers)) == becomes


def test_change_carries_price_before_and_id() -> None:
    level, change = decide(RULE, 3, Level(90), window(10, 0), NOW_MS)
    assert change == Change(price_id("tea", window(10, 0), 3), "below_low", 90, 80)
    assert level == Level(80, START_MS + MINUTE_MS, NOW_MS, START_MS + MINUTE_MS)


def test_price_outside_a_new_version_s_bounds_moves_into_them_at_once() -> None:
    tight = rule(floor_percent=95, ceiling_percent=100, hold_ms=10**9)
    just = Level(80, START_MS, NOW_MS, START_MS)
    assert decided(just, window(0, 0), tight) == (95, "bounds")
    assert decided(replace(just, percent=110), window(10, 0), tight) == (100, "bounds")


@pytest.mark.parametrize(
    ("end_after_ms", "now_after_ms", "moves"),
    [(600_000, 600_000, True), (599_999, 600_000, False), (600_000, 599_999, False)],
)
def test_hold_counts_by_the_windows_and_by_the_clock(end_after_ms: int, now_after_ms: int, moves: bool) -> None:
    level = Level(100, changed_end_ms=START_MS, changed_ms=NOW_MS, decided_end_ms=START_MS)
    later = window(10, 0, START_MS - MINUTE_MS + end_after_ms)
    found = decided(level, later, rule(hold_ms=600_000), NOW_MS + now_after_ms)
    assert found == ((90, "below_low") if moves else None)


def test_window_decides_once_and_one_that_comes_after_a_later_one_never() -> None:
    level, change = decide(RULE, 1, Level(), window(10, 0), NOW_MS)
    assert change is not None
    for again in (window(100, 0), window(10, 0, START_MS - MINUTE_MS)):
        assert decide(RULE, 1, level, again, NOW_MS) == (level, None)
    # One that changed nothing was decided all the same.
    kept, _ = decide(RULE, 1, Level(), window(9, 0), NOW_MS)
    assert decide(RULE, 1, kept, window(10, 0), NOW_MS) == (kept, None)


def test_window_of_another_kind_is_none_of_the_rule_s() -> None:
    assert decide(RULE, 1, Level(), window(10, 0, kind="tumble_10s"), NOW_MS) == (Level(), None)


def test_price_id_stays_what_it_was() -> None:
    # A changed id would let subscribers take a repeat for new.
    assert price_id("茶", window(1, 0), 2) == "6756cf3f-b627-384d-9b33-9f1c6b3f2773"


rules = st.builds(
    lambda **plain: rule(
        **plain
        | {"high": plain["low"] + plain["high"], "ceiling_percent": plain["floor_percent"] + plain["ceiling_percent"]}
    ),
    window_kind=st.sampled_from(["tumble_1m", "tumble_10s"]),
    least_viewers=st.integers(1, 12),
    low=st.sampled_from([0.1, 0.25, 1 / 3]),
    high=st.sampled_from([1e-9, 0.2, 0.5]),
    step_percent=st.integers(1, 100),
    floor_percent=st.just(60) | st.integers(1, 150),
    ceiling_percent=st.integers(0, 60),
    hold_ms=st.sampled_from([0, 1, MINUTE_MS, 5 * MINUTE_MS]),
)
# A window's figures, by how many minutes it begins after the one before, and how long after its end it is decided.
steps = st.lists(
    st.tuples(st.integers(0, 20), st.integers(0, 12), st.integers(-2, 4), st.integers(0, 10 * MINUTE_MS)),
    min_size=5,
    max_size=30,
)


def run(by: PriceRule, taken: Any) -> list[tuple[Level, Window, int, Change | None, Level]]:
    """Level before, window, decision's time, change and level after, of each step."""
    level, start_ms, now_ms, found = Level(), START_MS, START_MS, []
    for viewers, buyers, minutes, later_ms in taken:
        start_ms += minutes * MINUTE_MS
        of = window(viewers, buyers, start_ms, by.window_kind)
        now_ms = max(now_ms, of.end_ms + later_ms)
        after, change = decide(by, 1, level, of, now_ms)
        found.append((level, of, now_ms, change, after))
        level = after
    return found


@given(rules, steps)
def test_price_is_never_outside_floor_and_ceiling(by: PriceRule, taken: Any) -> None:
    for before, of, _, change, after in run(by, taken):
        if after.decided_end_ms is not None:
            assert by.floor_percent <= after.percent <= by.ceiling_percent
        assert (change is None) == (after.percent == before.percent)
        assert change is None or (change.previous_percent, change.percent) == (before.percent, after.percent)
        assert change is None or of.end_ms == after.changed_end_ms


@given(rules, steps)
def test_price_never_changes_more_often_than_hold(by: PriceRule, taken: Any) -> None:
    changes = [(of.end_ms, now_ms) for _, of, now_ms, change, _ in run(by, taken) if change]
    for (end_ms, now_ms), (next_end_ms, next_now_ms) in pairwise(changes):
        assert next_end_ms - end_ms >= by.hold_ms
        assert next_now_ms - now_ms >= by.hold_ms


@given(rules, steps)
def test_price_does_not_move_between_low_and_high(by: PriceRule, taken: Any) -> None:
    for before, of, _, change, _ in run(by, taken):
        inside = by.floor_percent <= before.percent <= by.ceiling_percent
        if change is None or not inside:
            continue
        assert of.viewers >= by.least_viewers
        rate = of.buyers / of.viewers
        assert (change.percent < before.percent) == (rate < by.low)
        assert (change.percent > before.percent) == (rate > by.high)
        assert abs(change.percent - before.percent) <= by.step_percent


@given(rules, steps)
def test_each_window_decides_at_most_once_and_in_order(by: PriceRule, taken: Any) -> None:
    ends = [of.end_ms for _, of, _, change, _ in run(by, taken) if change]
    assert ends == sorted(set(ends))
    for before, of, _, _, after in run(by, taken):
        if before.decided_end_ms is not None and of.end_ms <= before.decided_end_ms:
            assert after == before
