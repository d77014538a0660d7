"""What `hongbao bench growth` varies, and for how long it soaks."""

from dataclasses import dataclass
from statistics import median_low


@dataclass(frozen=True)
class Plan:
    """Users in state, TaskManagers and partitions, each in turn; minutes of soak, 0 for none."""

    users: tuple[int, ...] = (10_000, 100_000, 1_000_000)
    taskmanagers: tuple[int, ...] = (1, 2, 4)
    partitions: tuple[int, ...] = (2, 8, 32)
    soak_minutes: float = 20.0

    @property
    def usual_users(self) -> int:
        """How many there are while something else is varied."""
        return median_low(self.users)
