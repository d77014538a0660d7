"""Replay seasons against policies: late coupons, slot-hours, rescales of each, the rescales' own downtime counted."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scaling.capacity import Capacity
from scaling.forecast import RECENT, Forecast, forecaster
from scaling.history import HOUR_S, MINUTE_S, History
from scaling.policy import LOOK_S, Limits, Observation, decide
from scaling.queue import Queue
from scaling.season import DAY_S, Season

# Of the demo's sale: 9,207 coupons of 204,000 events published (README.md).
COUPONS_AN_EVENT = 9_207 / 204_000


@dataclass(frozen=True)
class Rescale:
    """What a rescale costs: seconds in which nothing is served, and how much is then served again."""

    downtime_s: float
    # From the checkpoint that it goes back to until it stops.
    again_s: float


@dataclass(frozen=True)
class Outcome:
    """What a policy made of a season. Late is a coupon whose event waited over a second."""

    late_coupons: int
    slot_hours: float
    rescales: int
    most_slots: int


def forecasts(season: Season, minutes: int) -> list[Forecast]:
    """The forecast at each minute of the days replayed, from what was known by then; shape and calendar anew daily."""
    before, replayed = season.history.per_minute, season.per_second.reshape(-1, MINUTE_S).mean(axis=1)
    known = np.concatenate([before, replayed])
    found: list[Forecast] = []
    for day in range(0, len(replayed), DAY_S // MINUTE_S):
        learnt = forecaster(History(season.history.begins_s, known[: len(before) + day]), season.windows)
        for minute in range(day, min(day + DAY_S // MINUTE_S, len(replayed))):
            recent = known[len(before) + minute - RECENT : len(before) + minute]
            found.append(learnt.ahead(season.replay_s + minute * MINUTE_S, recent, minutes))
    return found


def replay(
    season: Season, ahead: Sequence[Forecast] | None, capacity: Capacity, limits: Limits, rescale: Rescale
) -> Outcome:
    """Let the policy run the season, with the forecasts of each minute or, reactive, with none."""
    queue, slots, last_s, rescales, used, most = Queue(), limits.floor, None, 0, 0.0, limits.floor
    per_second = season.per_second
    for second in range(0, len(per_second), LOOK_S):
        if second:
            rate = float(per_second[second - LOOK_S : second].mean())
            seen = Observation(season.replay_s + second, slots, rate, _behind(queue, rate), limits.ceiling)
            forecast = None if ahead is None else ahead[second // MINUTE_S]
            decision = decide(seen, forecast, last_s, capacity, limits)
            if decision.action != "stay":
                slots, last_s, rescales = decision.target, seen.now_s, rescales + 1
                queue.restart(rescale.downtime_s, rate * rescale.again_s)
        arrivals = per_second[second : second + LOOK_S]
        queue.serve(arrivals, capacity.of(slots))
        used += slots * len(arrivals) / HOUR_S
        most = max(most, slots)
    return Outcome(round(queue.late * COUPONS_AN_EVENT), round(used, 1), rescales, most)


def _behind(queue: Queue, events_per_s: float) -> float:
    """What waits beyond a second's worth."""
    return max(0.0, queue.waiting - events_per_s)
