"""Forecast the next minutes: the usual of the hour and weekday, times the calendar, corrected by the last minutes.

history by the hour -> MSTL, day and week       -> usual
campaign windows    -> calendar                  -> times the usual
the last minutes over what was expected of them -> exponential smoothing, as AutoETS fits it -> level, its interval
                                                -> usual · times · level
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from scaling.calendar import Calendar, Window, learn
from scaling.history import HOUR_S, HOURS_A_WEEK, MINUTE_S, History

# Minutes that the level is told from: what is older weighs nothing.
RECENT = 60
# Minutes that the smoothing is fitted to; with fewer it is DEFAULT.
FITTED = 1440
LEAST_FITTED = 60
# How far the shape reaches past the history: it is made anew every day at least.
AHEAD_HOURS = 48
# Events/s below which a logarithm says nothing.
LEAST = 1e-3
# Standard normal: nine of ten are at most that.
NINE_OF_TEN = 1.2816


@dataclass(frozen=True)
class Forecast:
    """Events/s of the coming minutes, the first begins now: expected, and at most in nine of ten cases."""

    mean: np.ndarray
    upper: np.ndarray
    # How much the last minutes are above what shape and calendar expected of them.
    level: float
    reason: str


@dataclass(frozen=True)
class Shape:
    """The usual: log events/s in the middle of each hour from `begins_s` on."""

    begins_s: int
    log_hours: np.ndarray
    reason: str

    def usual(self, seconds: np.ndarray) -> np.ndarray:
        """Events/s that are usual at each moment, seconds since 1970."""
        hours = (np.asarray(seconds) + MINUTE_S / 2 - self.begins_s) / HOUR_S - 0.5
        found: np.ndarray = np.exp(np.interp(hours, np.arange(len(self.log_hours)), self.log_hours))
        return found


@dataclass(frozen=True)
class Smoothing:
    """Simple exponential smoothing with additive errors (ETS ANN), in logs: weight of the newest minute, its noise."""

    alpha: float
    sigma: float

    def ahead(self, missed: np.ndarray, minutes: int) -> tuple[float, np.ndarray]:
        """The level by these minutes, at least one, and its standard deviation in each coming minute."""
        weights = self.alpha * (1 - self.alpha) ** np.arange(len(missed))[::-1]
        weights[0] += 1 - weights.sum()
        deviations = self.sigma * np.sqrt(1 + np.arange(minutes) * self.alpha**2)
        return float(weights @ missed), deviations


# Half of a surprise is believed, and a minute is within a tenth.
DEFAULT = Smoothing(0.5, 0.1)


@dataclass(frozen=True)
class Forecaster:
    """Shape, calendar and smoothing as of one moment, to be asked every minute."""

    shape: Shape
    calendar: Calendar
    smoothing: Smoothing = DEFAULT

    def ahead(self, now_s: float, recent: np.ndarray, minutes: int) -> Forecast:
        """The minutes from `now_s` on; `recent` is the events/s of each minute before, newest last, at least one."""
        recent = recent[-RECENT:]
        before = now_s - MINUTE_S * np.arange(len(recent), 0, -1)
        after = now_s + MINUTE_S * np.arange(minutes)
        level, deviations = self.smoothing.ahead(self.missed(before, recent), minutes)
        mean = self._expected(after) * np.exp(level)
        upper = mean * np.exp(NINE_OF_TEN * deviations)
        return Forecast(mean, upper, float(np.exp(level)), self._reason(now_s, minutes))

    def missed(self, seconds: np.ndarray, events_per_s: np.ndarray) -> np.ndarray:
        """By how much shape and calendar missed what was, in logs."""
        found: np.ndarray = np.log(np.maximum(events_per_s, LEAST) / np.maximum(self._expected(seconds), LEAST))
        return found

    def _expected(self, seconds: np.ndarray) -> np.ndarray:
        found: np.ndarray = self.shape.usual(seconds) * self.calendar.times(seconds)
        return found

    def _reason(self, now_s: float, minutes: int) -> str:
        step = self.calendar.next_start(now_s, minutes * MINUTE_S)
        if step is None:
            return self.shape.reason
        in_minutes = (step.window.starts_s - now_s) / MINUTE_S
        return (
            f"{step.window.name} begins in {in_minutes:.0f} min with {step.opening:.1f} times the usual "
            f"({step.source}); {self.shape.reason}"
        )


def forecaster(history: History, windows: Sequence[Window]) -> Forecaster:
    """Learn the usual from the hours outside every window, the steps from those inside, the noise from the last day."""
    shape = _shape(history, windows)
    found = Forecaster(shape, learn(history, shape.usual, windows))
    last = history.per_minute[-FITTED:]
    missed = found.missed(history.ends_s - MINUTE_S * np.arange(len(last), 0, -1), last)[last > 0]
    return found if len(missed) < LEAST_FITTED else replace(found, smoothing=_smoothing(missed))


def _shape(history: History, windows: Sequence[Window]) -> Shape:
    hours = history.hours
    starts = history.begins_s + HOUR_S * np.arange(len(hours))
    # An hour without any event is one in which nothing ran.
    ordinary = hours > 0
    for window in windows:
        ordinary &= (starts + HOUR_S <= window.starts_s) | (starts >= window.ends_s)
    if ordinary.sum() < 2 * 24:
        known = history.per_minute[history.per_minute > 0]
        mean = float(np.mean(known[-RECENT:])) if len(known) else 1.0
        return Shape(history.begins_s, np.full(1, np.log(mean)), "less than two days of history: no shape")
    first = int(np.argmax(ordinary))
    log_hours = _filled(np.log(np.maximum(hours[first:], LEAST)), ordinary[first:])
    seasons = [24, HOURS_A_WEEK] if len(log_hours) >= 2 * HOURS_A_WEEK else [24]
    known, coming = _mstl(log_hours, seasons)
    reason = f"shape by MSTL over {', '.join(map(str, seasons))} h of {len(log_hours)} hours"
    return Shape(history.begins_s + first * HOUR_S, np.concatenate([known, coming]), reason)


def _filled(log_hours: np.ndarray, ordinary: np.ndarray) -> np.ndarray:
    """Hours that are not ordinary as the median of their hour in the week, else in the day, else of all."""
    filled = log_hours.copy()
    numbers = np.arange(len(log_hours))
    for hour in numbers[~ordinary]:
        for season in (HOURS_A_WEEK, 24, 1):
            alike = ordinary & (numbers % season == hour % season)
            if alike.any():
                filled[hour] = np.median(log_hours[alike])
                break
    return filled


def _mstl(log_hours: np.ndarray, seasons: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Trend and seasons of the known hours, and their continuation."""
    # Here, not above: it takes seconds to import, and whoever needs a history or a calendar alone shall not wait.
    from statsforecast.models import MSTL, AutoETS

    model = MSTL(season_length=seasons, trend_forecaster=AutoETS(model="ANN")).fit(log_hours)
    parts = model.model_
    known = parts[[name for name in parts.columns if name == "trend" or name.startswith("seasonal")]].sum(axis=1)
    return known.to_numpy(), np.asarray(model.predict(h=AHEAD_HOURS)["mean"])


def _smoothing(missed: np.ndarray) -> Smoothing:
    from statsforecast.models import AutoETS

    model = AutoETS(model="ANN").fit(missed).model_
    return Smoothing(float(model["par"][0]), float(np.sqrt(model["sigma2"])))
