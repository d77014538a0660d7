"""Say whether a series grows, by a straight line and the interval of its slope."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from scipy.special import stdtrit

LEVEL = 0.95
# Of its mean, over the time that is judged: what a flat series may gain or lose. The samples' own noise is a percent.
FLAT_SHARE = 0.05
# A line through fewer has an interval that says nothing.
LEAST_SAMPLES = 6


@dataclass(frozen=True)
class Line:
    """A least-squares line: its value at x = 0, its slope, and the ends of the slope's interval."""

    start: float
    slope: float
    low: float
    high: float


@dataclass(frozen=True)
class Trend:
    """The change of a series over the time that was judged, as a share of its mean, with the ends of its interval."""

    mean: float
    change: float
    low: float
    high: float
    samples: int

    @property
    def verdict(self) -> str:
        """`flat`: less than FLAT_SHARE whichever end is true; `grows` or `shrinks`: more; else `unclear`."""
        if max(-self.low, self.high) <= FLAT_SHARE:
            return "flat"
        if self.low > FLAT_SHARE:
            return "grows"
        return "shrinks" if self.high < -FLAT_SHARE else "unclear"


def line(xs: Sequence[float], ys: Sequence[float]) -> Line:
    """The line through at least two points of unlike x; the interval of two or fewer degrees is without bound.

    Neighbouring samples resemble each other, so that there is less in them than in as many independent ones: they count
    as n (1 - r) / (1 + r), with the residuals' lag-one correlation r where it is positive.
    """
    count, mean_x, mean_y = len(xs), math.fsum(xs) / len(xs), math.fsum(ys) / len(ys)
    spread = math.fsum((x - mean_x) ** 2 for x in xs)
    slope = math.fsum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / spread
    start = mean_y - slope * mean_x
    residuals = [y - start - slope * x for x, y in zip(xs, ys, strict=True)]
    squares = math.fsum(residual**2 for residual in residuals)
    freedom = _independent(residuals, squares) - 2
    if count <= 2 or freedom <= 0:
        return Line(start, slope, -math.inf, math.inf)
    half = stdtrit(freedom, (1 + LEVEL) / 2) * math.sqrt(squares / freedom / spread)
    return Line(start, slope, slope - half, slope + half)


def trend(seconds: Sequence[float], values: Sequence[float]) -> Trend:
    """The change over the second half of the series' time: the first is for what fills up and warms up.

    Raises ValueError for fewer than LEAST_SAMPLES samples in it.
    """
    middle = (seconds[0] + seconds[-1]) / 2 if seconds else 0.0
    judged = [(at, value) for at, value in zip(seconds, values, strict=True) if at >= middle]
    if len(judged) < LEAST_SAMPLES:
        raise ValueError(f"trend: {len(judged)} samples in the second half; {LEAST_SAMPLES} are the least")
    xs, ys = zip(*judged, strict=True)
    found, mean = line(xs, ys), math.fsum(ys) / len(ys)
    # Of nothing, nothing is a change.
    scale = (xs[-1] - xs[0]) / mean if mean else 0.0
    change, low, high = (slope * scale if scale else 0.0 for slope in (found.slope, found.low, found.high))
    return Trend(mean, change, low, high, len(judged))


def _independent(residuals: Sequence[float], squares: float) -> float:
    if squares <= 0:
        return float(len(residuals))
    products = math.fsum(one * other for one, other in pairwise(residuals))
    correlation = min(0.99, max(0.0, products / squares))
    return len(residuals) * (1 - correlation) / (1 + correlation)
