"""Sum up repeats: least, median, most; and ratios made repeat by repeat, which a machine that drifts does not harm."""

from collections.abc import Sequence
from statistics import median

Spread = dict[str, float]


def spread(figures: Sequence[float], digits: int = 0) -> Spread:
    """Least, median and most of at least one figure, rounded."""
    return {name: round(of(figures), digits) for name, of in (("min", min), ("median", median), ("max", max))}


def ratios(figures: Sequence[float], others: Sequence[float]) -> Spread:
    """The spread of each figure to the other of its repeat; the two have one figure a repeat, none of them 0."""
    return spread([one / other for one, other in zip(figures, others, strict=True)], 2)
