"""Make a season of a shop's traffic: ordinary weeks with flash sales, then New Year; the same seed, the same season.

It is not the simulator's shop: of an event only its second matters here, and a season has billions.
"""

from dataclasses import dataclass

import numpy as np

from scaling.calendar import Window
from scaling.history import HOUR_S, MINUTE_S, History

DAY_S = 86_400
DAY_MINUTES = 1440
# Monday, 4 January 2027, 00:00 UTC; New Year is 6 February.
BEGINS_S = 1_799_020_800
assert BEGINS_S % DAY_S == 0


@dataclass(frozen=True)
class Plan:
    """The season's size: a mean ordinary second's events, weeks that are history, days that are replayed."""

    base: float = 8_000.0
    history_days: int = 28
    days: int = 10


@dataclass(frozen=True)
class Season:
    """Events of each second from `replay_s` on, what was before, and which windows the calendar knows."""

    history: History
    per_second: np.ndarray
    windows: tuple[Window, ...]
    # The sale that no calendar knows of.
    surprise: Window

    @property
    def replay_s(self) -> int:
        return self.history.ends_s


@dataclass(frozen=True)
class _Sale:
    window: Window
    peak: float
    after: float
    # Shoppers come within so many seconds of the start.
    ramp_s: float


def season(seed: int, plan: Plan = Plan()) -> Season:
    """A season: four sales in its history and as many in the days replayed, one unannounced, and New Year's opening."""
    random = np.random.default_rng(seed)
    seconds = (plan.history_days + plan.days) * DAY_S
    minutes = _ordinary(random, plan.base, seconds // MINUTE_S)
    before = [_sale(random, f"sale-{n + 1}", 4 + 6 * n) for n in range(plan.history_days // 6)]
    first = plan.history_days
    planned = [_sale(random, f"sale-{len(before) + n + 1}", first + 1 + 3 * n) for n in range(plan.days // 3)]
    surprise = _sale(random, "surprise", first + 2)
    # A day of its own: a sale on top of it would be more than any ceiling carries.
    new_year = _new_year(random, first + plan.days - 2)
    for sale in (*before, *planned, surprise, new_year):
        _add(minutes, sale)
    history = History(BEGINS_S, minutes[: plan.history_days * DAY_MINUTES])
    # Within a minute seconds are alike but for chance.
    mean = np.interp(
        np.arange(plan.days * DAY_S),
        np.arange(plan.days * DAY_MINUTES) * 60 + 30,
        minutes[plan.history_days * DAY_MINUTES :],
    )
    windows = tuple(sale.window for sale in (*before, *planned, new_year))
    return Season(history, random.poisson(mean).astype(float), windows, surprise.window)


def _ordinary(random: np.random.Generator, base: float, minutes: int) -> np.ndarray:
    """Day and week, and a wander of some 8 % that lasts half an hour."""
    of_day = np.arange(minutes) % DAY_MINUTES / DAY_MINUTES
    # A trough at 4 and a peak at 20 o'clock, six times as high.
    day = np.exp(0.9 * np.sin(2 * np.pi * (of_day - 14 / 24)) + 0.25 * np.sin(4 * np.pi * (of_day - 0.1)))
    weekend = np.where(np.arange(minutes) // DAY_MINUTES % 7 >= 5, 1.25, 1.0)
    wander = np.empty(minutes)
    kept, value = np.exp(-1 / 30), 0.0
    for minute, push in enumerate(random.normal(0, 0.08 * np.sqrt(1 - kept**2), minutes)):
        value = kept * value + push
        wander[minute] = value
    rates = day * weekend * np.exp(wander)
    scaled: np.ndarray = base * rates / (day * weekend).mean()
    return scaled


def _sale(random: np.random.Generator, name: str, day: int) -> _Sale:
    """An hour's flash sale at some full hour of the day or evening, three to six times the usual."""
    starts_s = BEGINS_S + day * DAY_S + int(random.integers(10, 22)) * HOUR_S
    window = Window(name, starts_s, starts_s + HOUR_S)
    return _Sale(window, float(random.uniform(3, 6)), 0.0, 60.0)


def _new_year(random: np.random.Generator, day: int) -> _Sale:
    """From midnight on: eight to eleven times the usual at once, later twice; the operator says ten."""
    starts_s = BEGINS_S + day * DAY_S + 16 * HOUR_S  # midnight in Shanghai
    window = Window("new-year", starts_s, starts_s + 15 * DAY_S, expected=10.0)
    return _Sale(window, float(random.uniform(8, 11)), 2.0, 60.0)


def _add(minutes: np.ndarray, sale: _Sale) -> None:
    """Multiply in the sale: a ramp, a peak that ebbs over half an hour, and what stays until its end."""
    first = int(sale.window.starts_s - BEGINS_S) // MINUTE_S
    last = min(len(minutes), int(sale.window.ends_s - BEGINS_S) // MINUTE_S)
    since_s = np.arange(last - first) * MINUTE_S + MINUTE_S / 2
    rising = np.minimum(1.0, since_s / sale.ramp_s)
    least = sale.after or sale.peak / 2
    times = least + (sale.peak - least) * np.exp(-since_s / 1800)
    minutes[first:last] *= 1 + rising * (times - 1)
