"""What `hongbao bench growth` varies, and for how long it soaks."""

from dataclasses import dataclass
from statistics import median_low

from errors import SettingsError

# In less there are too few samples to tell a trend.
LEAST_SOAK_MINUTES = 4.0


@dataclass(frozen=True)
class Plan:
    """Users in state, TaskManagers and partitions, each in turn; minutes of soak, 0 for none."""

    users: tuple[int, ...] = (10_000, 100_000, 1_000_000)
    taskmanagers: tuple[int, ...] = (1, 2, 4)
    partitions: tuple[int, ...] = (2, 8, 32)
    # Horizons are full after ten (soak.py), and the second half is judged.
    soak_minutes: float = 22.0

    def __post_init__(self) -> None:
        if 0 < self.soak_minutes < LEAST_SOAK_MINUTES:
            raise SettingsError(
                f"bench: a soak of {self.soak_minutes:g} min is too short to tell a trend; "
                f"{LEAST_SOAK_MINUTES:g} is the least, 0 is none"
            )

    @property
    def usual_users(self) -> int:
        """How many there are while something else is varied."""
        return median_low(self.users)
