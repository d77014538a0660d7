"""Compare the treated with the held out: uplifts with their 95 % intervals, and whether the split is as configured.

Shares are compared by the score interval of Miettinen and Nurminen (Comparative analysis of two rates, Statistics in
Medicine 4, 1985): it holds its rate for small shares and arms of unlike size, where the textbook's p ± 1.96 s does not,
and the absolute and the relative one agree on whether there is an effect. Means are compared by Welch's interval.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from scipy.special import bdtr, bdtrc, ndtri, stdtrit

LEVEL = 0.95
# Halvings of an interval not wider than 2: closer than any figure shown, and than a double needs near a share of 1e-4.
HALVINGS = 45


@dataclass(frozen=True)
class Uplift:
    """What treatment adds, with the ends of its interval. None is an end without bound, or no figure at all."""

    value: float | None
    low: float | None
    high: float | None

    @property
    def positive(self) -> bool:
        """Whether the interval is above 0."""
        return self.low is not None and self.low > 0

    @property
    def negative(self) -> bool:
        return self.high is not None and self.high < 0


@dataclass(frozen=True)
class Sums:
    """A figure of an arm's shoppers: how many shoppers, the sum over them, and the sum of its squares."""

    shoppers: int
    total: int
    squares: int


NOTHING = Uplift(None, None, None)


def share_uplift(treated: int, of_treated: int, held_out: int, of_held_out: int, level: float = LEVEL) -> Uplift:
    """Difference of two shares, -1 to 1: `treated` buyers of `of_treated` shoppers less those held out."""
    if not of_treated or not of_held_out:
        return NOTHING
    value = treated / of_treated - held_out / of_held_out

    def score(difference: float) -> float:
        share = _held_out_share(treated, of_treated, held_out, of_held_out, difference)
        variance = _variance(share + difference, of_treated) + _variance(share, of_held_out)
        return _score(value - difference, variance, of_treated + of_held_out)

    critical = _critical(level)
    return Uplift(value, _crossing(score, -1, value, critical), _crossing(score, value, 1, -critical))


def relative_uplift(treated: int, of_treated: int, held_out: int, of_held_out: int) -> Uplift:
    """Ratio of two shares less 1, -1 upwards: 0.1 is ten percent more buyers. Nothing bounds it where nobody held out
    bought."""
    if not of_treated or not of_held_out or not treated + held_out:
        return NOTHING
    share, other = treated / of_treated, held_out / of_held_out

    # Of all ratios 0 to infinity as 0 to 1, which can be halved.
    def score(place: float) -> float:
        ratio = place / (1 - place)
        at = _held_out_share_of_ratio(treated, of_treated, held_out, of_held_out, ratio)
        variance = _variance(ratio * at, of_treated) + ratio**2 * _variance(at, of_held_out)
        return _score(share - ratio * other, variance, of_treated + of_held_out)

    place = share / (share + other)
    low = _crossing(score, 0, place, _critical())
    if not held_out:
        return Uplift(None, _relative(low), None)
    return Uplift(share / other - 1, _relative(low), _relative(_crossing(score, place, 1, -_critical())))


def mean_uplift(treated: Sums, held_out: Sums) -> Uplift:
    """Difference of two means, in the unit of the sums, with Welch's interval; it needs two shoppers in each arm."""
    if treated.shoppers < 2 or held_out.shoppers < 2:
        return NOTHING
    value = treated.total / treated.shoppers - held_out.total / held_out.shoppers
    of_treated, of_held_out = _mean_variance(treated), _mean_variance(held_out)
    variance = of_treated + of_held_out
    if not variance:
        # Where nobody differs, such as where nobody bought, the data say nothing of how far off the value may be.
        return Uplift(value, None, None)
    freedom = variance**2 / (of_treated**2 / (treated.shoppers - 1) + of_held_out**2 / (held_out.shoppers - 1))
    margin = float(stdtrit(freedom, (1 + LEVEL) / 2)) * math.sqrt(variance)
    return Uplift(value, value - margin, value + margin)


def cost_per_additional(cost: int, shoppers: int, uplift: Uplift) -> Uplift:
    """What each buyer cost who would not have bought: `cost` by `shoppers` times the uplift of their share.

    There is a figure only where the interval is above 0: else perhaps nobody is additional, and the quotient would be
    any number, of either sign. Its interval is that of the uplift, turned over.
    """
    if not uplift.positive:
        return NOTHING
    value, low, high = (
        None if end is None else cost / (shoppers * end) for end in (uplift.value, uplift.high, uplift.low)
    )
    return Uplift(value, low, high)


def split_p_value(treated: int, held_out: int, share: float) -> float:
    """How likely a split is that is at least as far from the configured share held out, on its side, twice: exact.

    A split that is not as configured has lost shoppers of one arm somewhere, and no uplift of it can be believed.
    """
    shoppers = treated + held_out
    # bdtrc(k) is P(X > k).
    above = 1.0 if held_out == 0 else float(bdtrc(held_out - 1, shoppers, share))
    return min(1.0, 2 * min(float(bdtr(held_out, shoppers, share)), above))


def _critical(level: float = LEVEL) -> float:
    return float(ndtri((1 + level) / 2))


def _crossing(score: Callable[[float], float], low: float, high: float, level: float) -> float:
    """Where the score, which falls from `low` to `high`, falls below `level`; the end that it does not reach."""
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if score(middle) > level:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _score(distance: float, variance: float, shoppers: int) -> float:
    if variance <= 0:
        return math.copysign(math.inf, distance) if distance else 0.0
    # The factor is what Miettinen and Nurminen add to the score test.
    return distance / math.sqrt(variance * shoppers / (shoppers - 1))


def _variance(share: float, shoppers: int) -> float:
    return share * (1 - share) / shoppers


def _held_out_share(treated: int, of_treated: int, held_out: int, of_held_out: int, difference: float) -> float:
    """The likeliest share among the held out, if that of the treated is larger by `difference`: root of a cubic."""
    shoppers = of_treated + of_held_out
    square = ((of_held_out + shoppers) * difference - shoppers - treated - held_out) / shoppers
    linear = ((of_held_out * difference - shoppers - 2 * held_out) * difference + treated + held_out) / shoppers
    constant = held_out * difference * (1 - difference) / shoppers
    q = (square / 3) ** 3 - square * linear / 6 + constant / 2
    p = math.copysign(math.sqrt(max((square / 3) ** 2 - linear / 3, 0)), q)
    turned = (math.pi + math.acos(max(-1, min(1, q / p**3)))) / 3 if p else 0
    return min(max(2 * p * math.cos(turned) - square / 3, 0, -difference), 1, 1 - difference)


def _held_out_share_of_ratio(treated: int, of_treated: int, held_out: int, of_held_out: int, ratio: float) -> float:
    """The same if that of the treated is `ratio` times as large: root of a quadratic."""
    square = (of_treated + of_held_out) * ratio
    linear = of_treated * ratio + treated + of_held_out + held_out * ratio
    constant = treated + held_out
    # The smaller root, written so that nothing cancels where the ratio is small.
    return 2 * constant / (linear + math.sqrt(max(linear**2 - 4 * square * constant, 0)))


def _relative(place: float) -> float:
    return place / (1 - place) - 1


def _mean_variance(sums: Sums) -> float:
    """Variance of the mean; in whole numbers until the division, as the squares of a sale's money pass a double."""
    scatter = sums.shoppers * sums.squares - sums.total**2
    return scatter / (sums.shoppers**2 * (sums.shoppers - 1))
