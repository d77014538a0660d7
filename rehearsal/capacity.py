"""Fit what an event costs from the seconds below saturation, and say what the peak needs of slots and cores.

For each chain of operators the busy slots, and for each process the cores, are taken as a straight line of the rate:
a base and so much an event. Near saturation both stop growing with the load, or grow because the machine is full, so
those seconds are left out; the peak is then beyond what was measured, and its error says how far.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from rehearsal.intervals import Interval, Vertex
from rehearsal.line import Line, fit

# A slot that is busy for more than this has no time to catch up after a checkpoint or a restart.
FULL = 0.8
# What is left out of the fit: the machine or a slot as good as full, or a chain that waits for another.
MOST_MACHINE = 0.85
MOST_BUSY = 0.9
MOST_BLOCKED = 0.1
SOURCE = "Source: clicks"


@dataclass(frozen=True)
class Chain:
    """What a chain of operators of a job costs, and the slots it would fill at the peak."""

    job: str
    name: str
    line: Line
    # Events/s of the job and busy slots of the chain, as measured.
    measured: Sequence[tuple[float, float]]
    slots: int
    slots_most: int
    # A job's single subtask that no parallelism divides, such as the one that holds all budgets.
    single: bool

    @property
    def events_per_s_per_slot(self) -> float:
        """What a slot handles when it is FULL, its base apart."""
        return FULL / self.line.slope

    @property
    def events_per_s_per_slot_error(self) -> float:
        return FULL / self.line.slope**2 * self.line.slope_error


@dataclass(frozen=True)
class Needs:
    """What `peak_per_s` needs: the costliest chain of each job, and the cores of each process."""

    peak_per_s: float
    chains: Mapping[str, Chain]
    cores: Mapping[str, Line]

    def parallelism(self, most: bool = False) -> dict[str, int]:
        """By job; with `most` the upper end of the 95 % interval."""
        return {job: chain.slots_most if most else chain.slots for job, chain in self.chains.items()}

    def cores_at_peak(self) -> dict[str, tuple[float, float]]:
        """By process, with the standard error."""
        return {
            name: (max(0.0, line.at(self.peak_per_s)), line.error_at(self.peak_per_s))
            for name, line in self.cores.items()
        }


def below_saturation(intervals: Iterable[Interval]) -> list[Interval]:
    """Those in which the machine had room: busy times say what the work costs, not how long it waits for a core."""
    return [one for one in intervals if one.machine_share < MOST_MACHINE]


def unhindered(intervals: Iterable[Interval], job: str) -> list[Sequence[Vertex]]:
    """The job's chains in those of the intervals in which none was as good as full, or waited for another."""
    every = (one.vertices[job] for one in below_saturation(intervals) if job in one.vertices)
    return [
        vertices
        for vertices in every
        if all(vertex.busy_share < MOST_BUSY and vertex.blocked < MOST_BLOCKED for vertex in vertices)
    ]


def needs(intervals: Sequence[Interval], peak_per_s: float) -> Needs:
    """What the fits say; a job or a process of which too little was measured is not in it. Give no overlapping ones."""
    chosen, chains = below_saturation(intervals), dict[str, Chain]()
    for job in jobs_of(chosen):
        offered = share(job, chosen) * peak_per_s
        found = [chain for chain in _chains(job, chosen, offered) if chain.line.slope > 0]
        if found:
            # Of two that need as many slots, the one that is nearer to needing another.
            chains[job] = max(found, key=lambda chain: (chain.slots, chain.line.at(offered)))
    names = sorted({name for one in chosen for name in one.cores})
    lines = {
        name: fit([(one.published_per_s, one.cores[name]) for one in chosen if name in one.cores]) for name in names
    }
    return Needs(peak_per_s, chains, {name: line for name, line in lines.items() if line is not None})


def share(job: str, chosen: Iterable[Interval]) -> float:
    """Of all events, how much is published on the topics that the job reads: little where it is the VIPs'."""
    pairs = [(one.offered_per_s[job], one.published_per_s) for one in chosen if job in one.offered_per_s]
    published = sum(whole for _, whole in pairs)
    return sum(offered for offered, _ in pairs) / published if published else 1.0


def points(intervals: Sequence[Interval]) -> list[dict[str, str | float]]:
    """Measured points for a capacity model: job, events_per_s, slots, busy_share of the job's busiest chain."""
    return [_point(job, vertices) for job in jobs_of(intervals) for vertices in unhindered(intervals, job)]


def _point(job: str, vertices: Sequence[Vertex]) -> dict[str, str | float]:
    busiest = max(vertices, key=lambda vertex: vertex.busy_share)
    return {
        "job": job,
        "events_per_s": round(_rate(vertices), 1),
        "slots": busiest.slots,
        "busy_share": round(busiest.busy_share, 4),
    }


def jobs_of(intervals: Iterable[Interval]) -> list[str]:
    return sorted({job for one in intervals for job in one.vertices})


def _chains(job: str, chosen: Sequence[Interval], peak_per_s: float) -> Iterable[Chain]:
    measured = unhindered(chosen, job)
    if not measured:
        return
    widest = max(vertex.slots for vertex in measured[0])
    for at, first in enumerate(measured[0]):
        found = [(_rate(vertices), vertices[at].busy) for vertices in measured]
        if (line := fit(found)) is not None:
            slots = _slots(line.at, peak_per_s)
            most = max(slots, _slots(line.most_at, peak_per_s))
            yield Chain(job, first.name, line, found, slots, most, first.slots == 1 < widest)


def _slots(busy_at: Callable[[float], float], peak_per_s: float) -> int:
    return max(1, ceil(busy_at(peak_per_s) / FULL))


def _rate(vertices: Sequence[Vertex]) -> float:
    """Events/s that the job took in, by the same clock as its busy times."""
    source = next((vertex for vertex in vertices if vertex.name.startswith(SOURCE)), vertices[0])
    return source.handled_per_s
