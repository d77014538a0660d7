"""Score by a table that a person wrote: each input adds points, and points are odds. Pure.

The credit industry's form (Siddiqi: Credit Risk Scorecards, 2006): `base_points` stand for `base_odds` to 1 of an
order, and every `double_points` more double the odds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from model import inputs
from model.inputs import Inputs


@dataclass(frozen=True)
class Attribute:
    """One input's points: those of the first bin it is below; a bin without a bound takes the rest."""

    input: str
    missing: float
    bins: tuple[tuple[float | None, float], ...]

    def points(self, value: float | None) -> float:
        if value is None:
            return self.missing
        return next(points for below, points in self.bins if below is None or value < below)


@dataclass(frozen=True)
class Scorecard:
    """A scorecard, as its definition says."""

    name: str
    version: int
    horizon_ms: int
    base_points: float
    base_odds: float
    double_points: float
    attributes: tuple[Attribute, ...]

    kind = "scorecard"

    def propensity(self, asked: Inputs) -> float:
        """The chance of an order within the horizon."""
        points = self.base_points + sum(self.contributions(asked).values())
        # Beyond that no float tells the odds from 0 or from certainty.
        doublings = max(-500.0, min(500.0, (points - self.base_points) / self.double_points))
        odds = self.base_odds * 2.0**doublings
        return float(odds / (1 + odds))

    def contributions(self, asked: Inputs) -> dict[str, float]:
        """The points that each input adds."""
        return {one.input: one.points(inputs.value_of(asked, one.input)) for one in self.attributes}

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Self:
        """The scorecard that a definition says; raises ValueError with a sentence where it says none."""
        for key in ("base_odds", "double_points"):
            if not _number(found.get(key)) or found[key] <= 0:
                raise ValueError(f"{key}: a number above 0, got {found.get(key)!r}")
        if not _number(found.get("base_points")):
            raise ValueError(f"base_points: a number, got {found.get('base_points')!r}")
        attributes = found.get("attributes")
        if not isinstance(attributes, Sequence) or not attributes:
            raise ValueError(f"attributes: at least one, got {attributes!r:.60}")
        return cls(
            found["name"],
            found["version"],
            found["horizon_ms"],
            found["base_points"],
            found["base_odds"],
            found["double_points"],
            tuple(_attribute(one) for one in attributes),
        )


def _attribute(found: Any) -> Attribute:
    name = found.get("input") if isinstance(found, Mapping) else None
    if not isinstance(name, str) or not inputs.known(name):
        raise ValueError(f"attributes: an input that there is (docs/personalisation.md), got {name!r}")
    bins, missing = found.get("bins"), found.get("missing", 0)
    where = f"attributes.{name}"
    if not _number(missing):
        raise ValueError(f"{where}.missing: a number of points, got {missing!r}")
    if not isinstance(bins, Sequence) or not bins:
        raise ValueError(f"{where}.bins: at least one, got {bins!r:.60}")
    pairs = [_bin(where, one) for one in bins]
    bounds = [below for below, _ in pairs]
    if bounds[-1] is not None or None in bounds[:-1]:
        raise ValueError(f"{where}.bins: the last, and only the last, is without `below`, got {bounds}")
    rising = [below for below in bounds if below is not None]
    if rising != sorted(set(rising)):
        raise ValueError(f"{where}.bins: `below` must rise, got {rising}")
    return Attribute(name, missing, tuple(pairs))


def _bin(where: str, found: Any) -> tuple[float | None, float]:
    below, points = (found.get("below"), found.get("points")) if isinstance(found, Mapping) else (None, None)
    if not _number(points) or not (below is None or _number(below)):
        raise ValueError(f"{where}.bins: each has points, and all but the last a `below`, got {found!r:.60}")
    assert points is not None
    return below, points


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
