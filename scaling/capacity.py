"""Say how many events a second so many slots of a job take: a curve fitted to measured points, with its error.

    capacity(n) = one · n / (1 + serial · (n - 1))

Amdahl's law: `one` is what one slot takes, `serial` the share of the work that more slots do not divide.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from scipy.optimize import curve_fit

from errors import SettingsError

SHIPPED = Path(__file__).with_name("points.json")
# More than any job has partitions; stands for "no number of slots is enough".
ENDLESS = 1 << 20


@dataclass(frozen=True)
class Point:
    """One measurement: so many slots, each with a core of its own, took so many events/s."""

    job: str
    slots: int
    events_per_s: float
    source: str


@dataclass(frozen=True)
class Capacity:
    """The fitted curve; `error` is the root mean square of what it misses the points by, as a share of them."""

    job: str
    one: float
    serial: float
    error: float
    points: int
    measured_slots: int

    def of(self, slots: int) -> float:
        """Events/s that the slots take by the curve."""
        return self.one * slots / (1 + self.serial * (slots - 1))

    def sure(self, slots: int) -> float:
        """The same less the curve's error."""
        return self.of(slots) * (1 - min(self.error, 0.9))

    def slots_for(self, events_per_s: float) -> int:
        """The fewest slots that surely take the rate, at least 1; ENDLESS where none would."""
        one = self.one * (1 - min(self.error, 0.9))
        if events_per_s <= one:
            return 1
        left = one - self.serial * events_per_s
        if left <= 0:
            return ENDLESS
        # Rounded first: of(slots_for(of(n))) must not find n + 1 by the last bit.
        return min(ENDLESS, math.ceil(round((1 - self.serial) * events_per_s / left, 9)))


def fit(job: str, points: Sequence[Point]) -> Capacity:
    """The curve that misses the job's points least, each miss taken as a share of its point.

    A job that was measured on one number of slots alone has the serial share and the error of those measured on more:
    they read, decode and shuffle by the same code. Raises SettingsError where nothing was measured of the job, or of
    no job three points of at least two numbers of slots.
    """
    measured = [found for name in dict.fromkeys(point.job for point in points) if (found := _own(name, points))]
    ours = [point for point in points if point.job == job]
    if not ours or not measured:
        raise SettingsError(
            f"capacity: nothing was measured of {job if not ours else 'any job on two numbers of slots'}; "
            "hongbao bench capacity measures coupons, landing and conversion, further points stand beside theirs"
        )
    for found in measured:
        if found.job == job:
            return found
    serial, error = max((found.serial, found.error) for found in measured)
    one = float(np.mean([point.events_per_s * (1 + serial * (point.slots - 1)) / point.slots for point in ours]))
    return Capacity(job, one, serial, error, len(ours), max(point.slots for point in ours))


def assumed(job: str, points: Sequence[Point], serial: float) -> Capacity:
    """A curve of this serial share through what was measured of one slot; its error is the spread of those points.

    Raises SettingsError without two of them.
    """
    rates = np.array([point.events_per_s for point in points if point.job == job and point.slots == 1])
    if len(rates) < 2:
        raise SettingsError(
            f"capacity: {job} needs two measured points of one slot; hongbao bench capacity measures them"
        )
    return Capacity(job, float(rates.mean()), serial, float(rates.std(ddof=1) / rates.mean()), len(rates), 1)


def _own(job: str, points: Sequence[Point]) -> Capacity | None:
    """The curve of the job's own points; None where they tell no serial share, or no error."""
    ours = [point for point in points if point.job == job]
    if len({point.slots for point in ours}) < 2 or len(ours) < 3:
        return None
    slots = np.array([point.slots for point in ours], dtype=float)
    rates = np.array([point.events_per_s for point in ours])
    start = float(np.mean(rates / slots))
    (one, serial), _ = curve_fit(_curve, slots, rates, (start, 0.1), sigma=rates, bounds=((0, 0), (np.inf, 1)))
    missed = _curve(slots, one, serial) / rates - 1
    # Two of the points' degrees of freedom are in the curve.
    error = math.sqrt(float(np.sum(missed**2)) / (len(ours) - 2))
    return Capacity(job, float(one), float(serial), error, len(ours), int(slots.max()))


def _curve(slots: np.ndarray, one: float, serial: float) -> np.ndarray:
    return one * slots / (1 + serial * (slots - 1))


def read_points(path: Path) -> list[Point]:
    """The points of the bench's file, or those shipped where the file has none.

    A point with more slots than its machine had cores says nothing of slots that have a core each, and is left out.
    Raises SettingsError where the file is not what the bench writes.
    """
    found = _capacity(path) if path.exists() else None
    return _points(path, found) if found is not None else _points(SHIPPED, _capacity(SHIPPED) or {})


def read_rescale(path: Path) -> tuple[float, float]:
    """Median seconds without service of a rescale, and of events that are served again; files as for the points."""
    found = _capacity(path) if path.exists() else None
    try:
        rescale = (found or _capacity(SHIPPED) or {})["rescale"]
        return float(median(rescale["downtime_s"])), float(median(rescale["again_s"]))
    except (KeyError, TypeError, ValueError) as error:
        raise SettingsError(
            f"{path}: capacity: needs rescale of downtime_s and again_s ({error!r}); hongbao bench capacity writes it"
        ) from None


def _capacity(path: Path) -> Mapping[str, Any] | None:
    try:
        found: Mapping[str, Any] | None = json.loads(path.read_text(encoding="utf-8")).get("capacity")
    except (OSError, ValueError, AttributeError) as error:
        raise SettingsError(f"{path}: not what hongbao bench writes: {error}") from None
    return found


def _points(path: Path, found: Mapping[str, Any]) -> list[Point]:
    try:
        cores = int(found["cores"])
        points = [
            Point(str(one["job"]), int(one["slots"]), float(one["events_per_s"]), str(one.get("source", path.name)))
            for one in found["points"]
            if int(one["slots"]) <= cores
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise SettingsError(
            f"{path}: capacity: needs cores and points of job, slots, events_per_s ({error!r}); "
            "hongbao bench capacity writes it"
        ) from None
    if any(point.slots < 1 or not point.events_per_s > 0 for point in points):
        raise SettingsError(f"{path}: capacity: slots are at least 1 and events_per_s above 0")
    return points
