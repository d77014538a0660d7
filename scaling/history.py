"""Say what was: events a minute, without gaps, and the hours of them."""

from dataclasses import dataclass

import numpy as np

MINUTE_S = 60
HOUR_S = 3600
HOURS_A_WEEK = 168


@dataclass(frozen=True)
class History:
    """Mean events/s of each minute from `begins_s` on, seconds since 1970 at a full UTC hour; oldest first."""

    begins_s: int
    per_minute: np.ndarray

    def __post_init__(self) -> None:
        if self.begins_s % HOUR_S:
            raise ValueError(f"history: it must begin at a full hour, got {self.begins_s}")

    @property
    def ends_s(self) -> int:
        return self.begins_s + len(self.per_minute) * MINUTE_S

    @property
    def hours(self) -> np.ndarray:
        """Mean events/s of each whole hour; the last minutes that make none are left out."""
        whole = len(self.per_minute) // 60
        found: np.ndarray = self.per_minute[: whole * 60].reshape(whole, 60).mean(axis=1)
        return found

    def between(self, from_s: float, until_s: float) -> np.ndarray:
        """The minutes that begin in that time, as far as the history has them."""
        first = max(0, -int((self.begins_s - from_s) // MINUTE_S))
        last = max(0, -int((self.begins_s - until_s) // MINUTE_S))
        return self.per_minute[first:last]
