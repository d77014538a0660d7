"""Say what the campaigns' windows do to the traffic: a step at each start, as measured before or as the operator says.

A window has an opening, its first hour, in which most of its shoppers come at once, and what is after it. Both are told
as times the usual. Where windows overlap the largest counts: what was measured of one held the others as well.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from campaigns.definition import Campaign
from scaling.history import MINUTE_S, History

OPENING_S = 3600
# A single minute is noise; the peak of five in a row is what must be carried.
PEAK_MINUTES = 5
# Windows whose lengths differ by more are of another kind: an hour's sale says nothing of a fortnight's.
ALIKE = 4.0

# The usual events/s at these seconds since 1970.
Usual = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Window:
    """A campaign's time, seconds since 1970; `expected` is how many times the usual the operator expects, if said."""

    name: str
    starts_s: float
    ends_s: float
    expected: float | None = None

    @property
    def length_s(self) -> float:
        return self.ends_s - self.starts_s


@dataclass(frozen=True)
class Step:
    """What a window does: times the usual in its opening, and after it; `source` says how that is known."""

    window: Window
    opening: float
    after: float
    source: str


@dataclass(frozen=True)
class Calendar:
    """Every window's step."""

    steps: tuple[Step, ...]

    def times(self, seconds: np.ndarray) -> np.ndarray:
        """How many times the usual is expected at each moment, at least 1 outside every window."""
        covered = np.zeros(len(seconds), dtype=bool)
        times = np.zeros(len(seconds))
        for step in self.steps:
            inside = (seconds >= step.window.starts_s) & (seconds < step.window.ends_s)
            factor = np.where(seconds < step.window.starts_s + OPENING_S, step.opening, step.after)
            times = np.where(inside, np.maximum(times, factor), times)
            covered |= inside
        return np.where(covered, times, 1.0)

    def next_start(self, now_s: float, within_s: float) -> Step | None:
        """The largest step that begins in that time."""
        soon = [step for step in self.steps if now_s < step.window.starts_s <= now_s + within_s]
        return max(soon, key=lambda step: step.opening, default=None)


def of_campaigns(campaigns: Mapping[str, Campaign], expected: Mapping[str, float]) -> tuple[Window, ...]:
    """The windows of campaigns, with what operators expect of some of them."""
    return tuple(
        Window(name, one.starts_ms / 1000, one.ends_ms / 1000, expected.get(name)) for name, one in campaigns.items()
    )


def learn(history: History, usual: Usual, windows: Sequence[Window]) -> Calendar:
    """Each window's step: the operator's word, else its own beginning in the history, else that of windows alike."""
    measured = {window: found for window in windows if (found := _measured(history, usual, window)) is not None}
    return Calendar(tuple(_step(window, measured) for window in windows))


def _measured(history: History, usual: Usual, window: Window) -> tuple[float, float] | None:
    """Opening and after, in times the usual; None where the history does not hold its opening."""
    opens_until_s = min(window.starts_s + OPENING_S, window.ends_s)
    if window.starts_s < history.begins_s or opens_until_s > history.ends_s:
        return None
    opening = _times(history, usual, window.starts_s, opens_until_s)
    if len(opening) == 0:
        return None
    width = min(PEAK_MINUTES, len(opening))
    peak = float(np.convolve(opening, np.full(width, 1 / width), mode="valid").max())
    after = _times(history, usual, opens_until_s, window.ends_s)
    return peak, float(np.median(after)) if len(after) else peak


def _times(history: History, usual: Usual, from_s: float, until_s: float) -> np.ndarray:
    found = history.between(from_s, until_s)
    first_s = history.begins_s + -int((history.begins_s - from_s) // MINUTE_S) * MINUTE_S
    expected = usual(first_s + MINUTE_S * np.arange(len(found)))
    times: np.ndarray = found / np.maximum(expected, 1e-9)
    return times


def _step(window: Window, measured: Mapping[Window, tuple[float, float]]) -> Step:
    alike = {
        other.name: found
        for other, found in measured.items()
        if other != window and 1 / ALIKE <= other.length_s / window.length_s <= ALIKE
    }
    # The largest of those alike: a slot too many costs minutes of it, one too few a second rescale in the rush.
    like = f"as {', '.join(sorted(alike))}"
    after = max((found[1] for found in alike.values()), default=1.0)
    if window in measured:
        return Step(window, *measured[window], "as it began")
    if window.expected is not None:
        return Step(window, window.expected, min(after, window.expected), "as the operator expects")
    if alike:
        return Step(window, max(found[0] for found in alike.values()), after, like)
    return Step(window, 1.0, 1.0, "unknown: nothing like it has been, and nobody said what to expect")
