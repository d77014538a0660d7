"""Fit a straight line through measured points by least squares, with the standard error of all it says."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean

from scipy.special import stdtrit

# With fewer a line says nothing of its own error; a residual needs a third point.
LEAST_POINTS = 4


@dataclass(frozen=True)
class Line:
    """y = base + slope · x, from so many points whose x went from `least_x` to `most_x`."""

    base: float
    slope: float
    slope_error: float
    points: int
    least_x: float
    most_x: float
    _spread: float
    _mean_x: float
    _square_x: float

    def at(self, x: float) -> float:
        return self.base + self.slope * x

    def error_at(self, x: float) -> float:
        """The standard error of the line there; it grows with the distance from what was measured."""
        return self._spread * sqrt(1 / self.points + (x - self._mean_x) ** 2 / self._square_x)

    def most_at(self, x: float) -> float:
        """The upper end of the line's 95 % interval there."""
        return self.at(x) + float(stdtrit(self.points - 2, 0.975)) * self.error_at(x)


def fit(points: Sequence[tuple[float, float]]) -> Line | None:
    """The line through (x, y); None for fewer than four points, or where x is the same in all."""
    if len(points) < LEAST_POINTS:
        return None
    mean_x, mean_y = fmean(x for x, _ in points), fmean(y for _, y in points)
    square_x = sum((x - mean_x) ** 2 for x, _ in points)
    if square_x == 0:
        return None
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / square_x
    base = mean_y - slope * mean_x
    spread = sqrt(sum((y - base - slope * x) ** 2 for x, y in points) / (len(points) - 2))
    return Line(
        base,
        slope,
        spread / sqrt(square_x),
        len(points),
        min(x for x, _ in points),
        max(x for x, _ in points),
        spread,
        mean_x,
        square_x,
    )
