"""Find what was full, and since when: the machine, a process, a chain of operators, the disk, the publisher."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rehearsal.figures import Rehearsed, phase_of
from rehearsal.intervals import SPAN, Interval
from rehearsal.phases import WARM_UP

# Python's interpreter lock: more than one core does not help them.
ONE_CORE = ("publisher", "subscriber")


@dataclass(frozen=True)
class Limit:
    """From which value on a resource counts as full, and how its value is worded."""

    most: float
    words: str


LIMITS = {
    # Two full cores showed 1.90 to 1.97 in use.
    "machine": Limit(0.93, "{:.0%} of the machine's cores in use"),
    "process": Limit(0.93, "{:.2f} of the one core that a Python process can use"),
    "slot": Limit(0.9, "its slots busy for {:.0%} of the time"),
    "back-pressure": Limit(0.5, "waiting for those behind it for {:.0%} of the time"),
    "disk": Limit(0.9, "the broker's disk busy for {:.0%} of the time"),
    "garbage": Limit(0.1, "a TaskManager collecting garbage for {:.0%} of the time"),
    # A tenth of a coupon's second.
    "publisher": Limit(100.0, "an event sent {:,.0f} ms after it was due"),
}
# Which is the cause where several begin at once: a slot is busy because it waits for a core, not the other way round.
RANK = tuple(LIMITS)
# What the planner puts between tables and streams, misspelt in Flink 1.20.
PLANNERS = ("TableToDataSteam", "DataSteamToTable")


@dataclass(frozen=True)
class Saturation:
    """A resource that was full: `where` names it, `since_s` is a second of the schedule, `value` the most there was."""

    resource: str
    where: str
    since_s: float
    phase: str
    published_per_s: float
    value: float
    # Of those intervals in which it was measured.
    share_of_run: float

    @property
    def sentence(self) -> str:
        return (
            f"{self.where}: {LIMITS[self.resource].words.format(self.value)}, from second {self.since_s:.0f} on "
            f"({self.phase}, {self.published_per_s:,.0f} events/s published)"
        )


def saturations(run: Rehearsed) -> list[Saturation]:
    """What was full after the warm-up, the first cause first."""
    judged = [one for one in run.intervals if phase_of(run, one.begins_s) != WARM_UP and one.begins_s >= 0]
    values: dict[tuple[str, str], list[tuple[float, Interval]]] = {}
    for one in judged:
        for resource, where, value in _values(one):
            values.setdefault((resource, where), []).append((value, one))
    found = [
        _saturation(run, resource, where, measured)
        for (resource, where), measured in values.items()
        if max(value for value, _ in measured) > LIMITS[resource].most
    ]
    found += _publisher(run)
    return _causes_first(found)


def _values(one: Interval) -> Iterable[tuple[str, str, float]]:
    """Each resource of an interval: kind, name, value."""
    yield "machine", "the machine", min(1.0, one.machine_share)
    for name, cores in one.cores.items():
        if name in ONE_CORE:
            yield "process", name, cores
    for job, vertices in one.vertices.items():
        for vertex in vertices:
            where = f"{job}, {short(vertex.name)}"
            yield "slot", where, vertex.busy_share
            yield "back-pressure", where, vertex.blocked
    if one.disk_busy is not None:
        yield "disk", "the broker's disk", one.disk_busy
    yield "garbage", "the TaskManagers", one.collecting


def _saturation(run: Rehearsed, resource: str, where: str, measured: Sequence[tuple[float, Interval]]) -> Saturation:
    over = [one for value, one in measured if value > LIMITS[resource].most]
    return Saturation(
        resource,
        where,
        round(over[0].begins_s, 1),
        phase_of(run, over[0].begins_s),
        over[0].published_per_s,
        max(value for value, _ in measured),
        len(over) / len(measured),
    )


def _publisher(run: Rehearsed) -> list[Saturation]:
    seconds = [second for second in range(len(run.behind_ms_by_s)) if phase_of(run, second) not in (WARM_UP, "after")]
    late = [second for second in seconds if run.behind_ms_by_s[second] > LIMITS["publisher"].most]
    if not late:
        return []
    published = next((one.published_per_s for one in run.intervals if one.begins_s >= late[0]), 0.0)
    most = max(run.behind_ms_by_s[second] for second in late)
    return [
        Saturation(
            "publisher", "the publisher", late[0], phase_of(run, late[0]), published, most, len(late) / len(seconds)
        )
    ]


def _causes_first(found: Sequence[Saturation]) -> list[Saturation]:
    """By time; what began within one interval of the first counts as begun at once, and causes go before effects."""
    if not found:
        return []
    first_s = min(one.since_s for one in found)
    at_once = [one for one in found if one.since_s <= first_s + SPAN]
    later = [one for one in found if one.since_s > first_s + SPAN]
    return sorted(at_once, key=lambda one: (RANK.index(one.resource), one.since_s)) + sorted(
        later, key=lambda one: (one.since_s, RANK.index(one.resource))
    )


def short(name: str) -> str:
    """The first operator of a chain that somebody named: the planner's own are numbered, and a name has hundreds of
    characters."""
    trunk, _, branches = name.partition("(")
    parts = [part.strip() for part in (*trunk.split("->"), branches.split("->")[0]) if part.strip()]
    named = [part for part in parts if "[" not in part and part not in PLANNERS]
    return (named or parts)[0]
