"""Say from the lag how hard pressed the system is: up at once, down after a calm. Pure: time is an argument."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """`unknown` and `away` are a publisher's alone: nobody says how the system is, or the broker does not answer."""

    NORMAL = "normal"
    PRESSED = "pressed"
    OVERLOADED = "overloaded"
    UNKNOWN = "unknown"
    AWAY = "away"

    @property
    def severity(self) -> int:
        """0 normal, 1 pressed, 2 overloaded; what is not known counts as normal."""
        return {Level.PRESSED: 1, Level.OVERLOADED: 2}.get(self, 0)


@dataclass(frozen=True)
class Limits:
    """Seconds of lag: from which a level begins, below which it may end, and for how long it must be below."""

    pressed_from_s: float
    pressed_until_s: float
    overloaded_from_s: float
    overloaded_until_s: float
    calm_for_s: float


@dataclass
class Hysteresis:
    """The level that a course of lags leads to."""

    limits: Limits
    level: Level = Level.NORMAL
    _calm_since_s: float | None = None

    def next(self, lag_s: float, now_s: float) -> Level:
        """The level by now: up at once, by two steps if need be; down one step after each calm."""
        reached = self._reached(lag_s)
        if reached.severity > self.level.severity:
            self.level, self._calm_since_s = reached, None
        elif lag_s >= self._until_s():
            self._calm_since_s = None
        elif self._calm_since_s is None:
            self._calm_since_s = now_s
        elif now_s - self._calm_since_s >= self.limits.calm_for_s:
            self.level = Level.PRESSED if self.level is Level.OVERLOADED else Level.NORMAL
            self._calm_since_s = now_s if lag_s < self._until_s() else None
        return self.level

    def _reached(self, lag_s: float) -> Level:
        if lag_s >= self.limits.overloaded_from_s:
            return Level.OVERLOADED
        return Level.PRESSED if lag_s >= self.limits.pressed_from_s else Level.NORMAL

    def _until_s(self) -> float:
        if self.level is Level.OVERLOADED:
            return self.limits.overloaded_until_s
        # Normal ends nowhere.
        return self.limits.pressed_until_s if self.level is Level.PRESSED else 0.0
