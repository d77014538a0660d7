"""Say how many events a second are published when: phases, one after the other."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from errors import SettingsError

PHASE = re.compile(r"(?:(\w+)=)?(\d+(?:\.\d+)?)(?:-(\d+(?:\.\d+)?))?x(\d+(?:\.\d+)?)s")


@dataclass(frozen=True)
class Phase:
    """`events_per_s` at the start and, along a straight line, at the end of `duration_s`."""

    name: str
    events_per_s: float
    events_per_s_end: float
    duration_s: float

    @property
    def events(self) -> int:
        return round((self.events_per_s + self.events_per_s_end) / 2 * self.duration_s)


def parse(text: str) -> list[Phase]:
    """Read phases such as `steady=100x20s,ramp=100-10000x5s,burst=10000x20s`."""
    phases: list[Phase] = []
    for part in text.split(","):
        match = PHASE.fullmatch(part.strip())
        if match is None:
            raise SettingsError(
                f"profile: {part!r} is no phase; write name=RATExSECONDSs, or FROM-TOxSECONDSs for a ramp, "
                "such as burst=10000x20s"
            )
        name, first, last, duration = match.groups()
        phases.append(Phase(name or f"phase{len(phases) + 1}", float(first), float(last or first), float(duration)))
    return phases


def schedule(phases: list[Phase]) -> Iterator[tuple[str, float, float]]:
    """For each event: its phase, the second it is due, and the rate then. Open loop: nothing waits for an answer."""
    start_s = 0.0
    for phase in phases:
        change = (phase.events_per_s_end - phase.events_per_s) / phase.duration_s
        for number in range(phase.events):
            yield phase.name, start_s + _due(phase, change, number), phase.events_per_s
        start_s += phase.duration_s


def _due(phase: Phase, change: float, number: int) -> float:
    """When `number` events have passed: events = rate x t + change x t^2 / 2, solved for t."""
    if change == 0:
        return number / phase.events_per_s
    return float(((phase.events_per_s**2 + 2 * change * number) ** 0.5 - phase.events_per_s) / change)
