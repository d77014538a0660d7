"""Decide how many slots a job should have: ahead of what is forecast, at once for what is there, slowly downwards.

Pure: what was seen, what is forecast and what was decided before come in, a decision with its reasons comes out.
Without a forecast it is the purely reactive policy that the back-test holds it against.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from scaling.capacity import ENDLESS, Capacity
from scaling.forecast import Forecast
from scaling.history import MINUTE_S

Action = Literal["up", "down", "stay"]
# Between two looks, in the command and in the back-test.
LOOK_S = 30


@dataclass(frozen=True)
class Limits:
    """What a policy may do. Shares are of a capacity, times in seconds.

    `headroom` is left free by what is seen, `ahead_headroom` by the forecast's upper end, which has room in it.
    """

    floor: int
    ceiling: int
    headroom: float
    ahead_headroom: float
    hysteresis: float
    up_cooldown_s: float
    down_cooldown_s: float
    # How early before the forecast needs them slots are asked for: a rescale, and catching up behind it.
    lead_s: float = 180.0
    # A backlog shall be gone after so long.
    drain_s: float = 60.0


@dataclass(frozen=True)
class Observation:
    """What is seen of a job now: its slots, the events/s published, the events that wait beyond a checkpoint's worth.

    `available` is how many slots it could have at most: its own and those that are free.
    """

    now_s: float
    slots: int
    events_per_s: float
    backlog: float
    available: int


@dataclass(frozen=True)
class Decision:
    """How many slots, and why; `wanted` is before floor, ceiling, cooldown and hysteresis."""

    action: Action
    slots: int
    target: int
    wanted: int
    reasons: tuple[str, ...]


def decide(
    seen: Observation, forecast: Forecast | None, last_rescale_s: float | None, capacity: Capacity, limits: Limits
) -> Decision:
    """The slots that the job should have from now on."""
    now, reason = _needed_now(seen, capacity, limits)
    reasons = [reason]
    soon = later = now
    if forecast is not None:
        ahead = _needed_ahead(forecast, capacity, limits)
        within = int(limits.lead_s // MINUTE_S) + 1
        soon, later = max(now, *ahead[:within]), max(now, *ahead)
        reasons.append(_ahead_reason(forecast, ahead, limits))
    if seen.slots > limits.ceiling:
        reasons.append(f"{_slots(limits.ceiling)} are the ceiling")
        return Decision("down", seen.slots, limits.ceiling, later, tuple(reasons))
    if max(soon, limits.floor) > seen.slots:
        # Once it costs a rescale anyway, let it be one for the whole horizon.
        return _upwards(seen, later, last_rescale_s, capacity, limits, reasons)
    if later < seen.slots:
        return _downwards(seen, forecast, later, last_rescale_s, capacity, limits, reasons)
    if later > seen.slots:
        reasons.append(f"{_slots(later)} are needed later than in {limits.lead_s:.0f} s: not yet")
    return Decision("stay", seen.slots, seen.slots, later, tuple(reasons))


def _needed_now(seen: Observation, capacity: Capacity, limits: Limits) -> tuple[int, str]:
    rate = seen.events_per_s + seen.backlog / limits.drain_s
    needed = capacity.slots_for(rate / (1 - limits.headroom))
    waiting = f" and {seen.backlog:,.0f} waiting" if seen.backlog > 0 else ""
    return needed, f"{seen.events_per_s:,.0f} events/s{waiting} need {_slots(needed)}"


def _needed_ahead(forecast: Forecast, capacity: Capacity, limits: Limits) -> list[int]:
    return [capacity.slots_for(rate / (1 - limits.ahead_headroom)) for rate in forecast.upper]


def _ahead_reason(forecast: Forecast, needed: Sequence[int], limits: Limits) -> str:
    peak = int(np.argmax(forecast.upper))
    return (
        f"in {peak} min {forecast.mean[peak]:,.0f} are forecast, at most {forecast.upper[peak]:,.0f}: "
        f"{_slots(needed[peak])} ({forecast.reason})"
    )


def _upwards(
    seen: Observation,
    wanted: int,
    last_rescale_s: float | None,
    capacity: Capacity,
    limits: Limits,
    reasons: list[str],
) -> Decision:
    most = min(limits.ceiling, seen.available)
    target = min(max(wanted, limits.floor), most)
    if wanted < limits.floor:
        reasons.append(f"{_slots(limits.floor)} are the floor")
    if target < wanted:
        what = "the ceiling" if most == limits.ceiling else "all that is free"
        reasons.append(f"{_slots(most)} are {what}")
    if target > capacity.measured_slots:
        reasons.append(f"beyond the {_slots(capacity.measured_slots)} that were measured the curve is extrapolated")
    if target <= seen.slots:
        return Decision("stay", seen.slots, seen.slots, wanted, tuple(reasons))
    left_s = _left_s(seen.now_s, last_rescale_s, limits.up_cooldown_s)
    if left_s > 0:
        reasons.append(f"{left_s:.0f} s of cooldown are left")
        return Decision("stay", seen.slots, seen.slots, wanted, tuple(reasons))
    return Decision("up", seen.slots, target, wanted, tuple(reasons))


def _downwards(
    seen: Observation,
    forecast: Forecast | None,
    wanted: int,
    last_rescale_s: float | None,
    capacity: Capacity,
    limits: Limits,
    reasons: list[str],
) -> Decision:
    target = _with_room(seen, forecast, max(wanted, limits.floor), capacity, limits)
    if target >= seen.slots:
        reasons.append(f"fewer would leave less than {limits.hysteresis:.0%} of hysteresis")
    elif seen.backlog > 0:
        reasons.append("not while events wait")
    elif (left_s := _left_s(seen.now_s, last_rescale_s, limits.down_cooldown_s)) > 0:
        reasons.append(f"fewer would do: {left_s:.0f} s of cooldown left")
    else:
        return Decision("down", seen.slots, target, wanted, tuple(reasons))
    return Decision("stay", seen.slots, seen.slots, wanted, tuple(reasons))


def _with_room(seen: Observation, forecast: Forecast | None, wanted: int, capacity: Capacity, limits: Limits) -> int:
    """The fewest slots, at least `wanted`, that would not have to be given back for a little more traffic."""
    more = 1 + limits.hysteresis
    slots = [capacity.slots_for(seen.events_per_s * more / (1 - limits.headroom))]
    if forecast is not None:
        slots.append(capacity.slots_for(float(forecast.upper.max()) * more / (1 - limits.ahead_headroom)))
    return max(wanted, *slots)


def _left_s(now_s: float, last_rescale_s: float | None, cooldown_s: float) -> float:
    return 0.0 if last_rescale_s is None else max(0.0, last_rescale_s + cooldown_s - now_s)


def _slots(number: int) -> str:
    if number >= ENDLESS:
        return "more slots than help"
    return f"{number} slot{'' if number == 1 else 's'}"
