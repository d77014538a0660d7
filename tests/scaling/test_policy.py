"""Slots come before they are needed and at once when they are, go slowly, and every decision says why."""

from collections.abc import Sequence

import numpy as np
import pytest

from scaling.capacity import Capacity
from scaling.forecast import Forecast
from scaling.policy import Decision, Limits, Observation, decide

# 10,000 events/s a slot, without end.
MODEL = Capacity("coupons", 10_000, 0.0, 0.0, 6, 8)
LIMITS = Limits(
    floor=1, ceiling=6, headroom=0.2, ahead_headroom=0.0, hysteresis=0.25, up_cooldown_s=60, down_cooldown_s=600
)
NOW_S = 1_000_000.0


def decided(
    events_per_s: float,
    slots: int,
    forecast: Sequence[float] | None = None,
    *,
    backlog: float = 0.0,
    available: int = 6,
    last_s: float | None = None,
) -> Decision:
    """The decision; `forecast` is the events/s of the coming minutes, the last of them until the horizon's end."""
    ahead = None
    if forecast is not None:
        rates = np.array(([*forecast, *[forecast[-1]] * 15])[:15], dtype=float)
        ahead = Forecast(rates, rates, 1.0, "as it was")
    seen = Observation(NOW_S, slots, events_per_s, backlog, available)
    return decide(seen, ahead, last_s, MODEL, LIMITS)


def test_rate_that_leaves_the_headroom_stays() -> None:
    found = decided(16_000, 2)
    assert (found.action, found.target) == ("stay", 2)
    assert found.reasons == ("16,000 events/s need 2 slots",)


def test_rate_into_the_headroom_goes_up_at_once() -> None:
    assert (decided(16_001, 2).action, decided(16_001, 2).target) == ("up", 3)


def test_backlog_needs_slots_to_be_gone_within_a_minute() -> None:
    found = decided(16_000, 2, backlog=480_000)
    assert (found.action, found.target) == ("up", 3)
    assert found.reasons[0] == "16,000 events/s and 480,000 waiting need 3 slots"


def test_forecast_peak_goes_up_its_lead_before_and_for_the_whole_horizon() -> None:
    later = decided(8_000, 1, [8_000] * 4 + [30_000])
    assert (later.action, later.target) == ("stay", 1)
    assert later.reasons[-1] == "3 slots are needed later than in 180 s: not yet"
    soon = decided(8_000, 1, [8_000] * 3 + [20_000] * 5 + [40_000])
    assert (soon.action, soon.target) == ("up", 4)
    assert soon.reasons[1] == "in 8 min 40,000 are forecast, at most 40,000: 4 slots (as it was)"


def test_reactive_policy_sees_nothing_of_it() -> None:
    assert decided(8_000, 1, None).action == "stay"


@pytest.mark.parametrize(("available", "reason"), [(9, "6 slots are the ceiling"), (4, "4 slots are all that is free")])
def test_more_than_there_is_gets_what_there_is(available: int, reason: str) -> None:
    found = decided(80_000, 2, available=available)
    assert (found.action, found.target, found.wanted) == ("up", min(6, available), 10)
    assert found.reasons[-1] == reason


def test_more_slots_than_were_measured_are_told_to_be_a_guess() -> None:
    seen = Observation(NOW_S, 1, 20_000, 0.0, 6)
    found = decide(seen, None, None, Capacity("coupons", 10_000, 0.0, 0.0, 6, 2), LIMITS)
    assert (found.target, found.reasons[-1]) == (3, "beyond the 2 slots that were measured the curve is extrapolated")


def test_nothing_free_stays_and_says_so() -> None:
    found = decided(80_000, 2, available=2)
    assert (found.action, found.target, found.reasons[-1]) == ("stay", 2, "2 slots are all that is free")


@pytest.mark.parametrize(("ago_s", "action"), [(59, "stay"), (60, "up")])
def test_second_rescale_upwards_waits_for_its_cooldown(ago_s: float, action: str) -> None:
    assert decided(30_000, 2, last_s=NOW_S - ago_s).action == action


@pytest.mark.parametrize(("ago_s", "action"), [(599, "stay"), (600, "down")])
def test_rescale_downwards_waits_for_a_longer_one(ago_s: float, action: str) -> None:
    found = decided(8_000, 3, last_s=NOW_S - ago_s)
    assert found.action == action
    assert ("1 s of cooldown left" in found.reasons[-1]) == (action == "stay")


def test_fewer_slots_must_do_for_a_little_more() -> None:
    assert (decided(12_800, 3).action, decided(12_800, 3).target) == ("down", 2)
    found = decided(12_801, 3)
    assert (found.action, found.reasons[-1]) == ("stay", "fewer would leave less than 25% of hysteresis")


def test_slots_stay_for_a_peak_within_the_horizon() -> None:
    assert decided(8_000, 3, [8_000] * 14 + [29_000]).action == "stay"
    assert (decided(6_000, 3, [6_000]).action, decided(6_000, 3, [6_000]).target) == ("down", 1)


def test_slots_stay_while_events_wait() -> None:
    found = decided(1_000, 3, backlog=1)
    assert (found.action, found.reasons[-1]) == ("stay", "not while events wait")


def test_job_below_the_floor_or_above_the_ceiling_is_brought_between_them() -> None:
    limits = Limits(2, 4, 0.2, 0.0, 0.25, 60, 600)
    low = decide(Observation(NOW_S, 1, 10.0, 0.0, 6), None, None, MODEL, limits)
    assert (low.action, low.target, low.reasons[-1]) == ("up", 2, "2 slots are the floor")
    high = decide(Observation(NOW_S, 6, 90_000.0, 0.0, 6), None, NOW_S, MODEL, limits)
    assert (high.action, high.target, high.reasons[-1]) == ("down", 4, "4 slots are the ceiling")


def test_floor_holds_at_night() -> None:
    limits = Limits(2, 6, 0.2, 0.0, 0.25, 60, 600)
    found = decide(Observation(NOW_S, 3, 10.0, 0.0, 6), None, None, MODEL, limits)
    assert (found.action, found.target, found.wanted) == ("down", 2, 1)
