"""How many cores the processes of the stack took over a while."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from settings import Stack, read
from stack import cluster
from stack.processes import Service


def groups() -> dict[str, list[Service]]:
    """The processes that do the work: all TaskManagers, and the broker."""
    stack = read(Stack)
    return {"taskmanagers": cluster.taskmanagers(stack), "broker": [Service("broker", stack.folder)]}


@dataclass
class Cores:
    """Counts from when it is made; `taken` is how many cores each group had at work since, on average."""

    groups: Mapping[str, Sequence[Service]] = field(default_factory=groups)

    def __post_init__(self) -> None:
        self._began_s = time.perf_counter()
        self._before = {name: _cpu_s(services) for name, services in self.groups.items()}

    def taken(self) -> dict[str, float]:
        wall_s = time.perf_counter() - self._began_s
        return {name: (_cpu_s(services) - self._before[name]) / wall_s for name, services in self.groups.items()}


def _cpu_s(services: Sequence[Service]) -> float:
    """The processor's time of those that run, in seconds."""
    running = [process for process in (service.process() for service in services) if process is not None]
    return float(sum(times.user + times.system for times in (process.cpu_times() for process in running)))
