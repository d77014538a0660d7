"""Turn samples, which are counters, into what happened in between: rates, shares of cores, busy time."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# A run's figures by the second are these seconds' mean: one alone is mostly a checkpoint or none.
SPAN = 5
# Flink's figures over REST are seconds old, and of uneven age. Of less of a subtask's time nothing can be said.
LEAST_S = 1.0

Sample = Mapping[str, Any]


@dataclass(frozen=True)
class Vertex:
    """A chain of operators: its subtasks in `slots`, of which `busy` worked at a time and a `blocked` share waited for
    whoever is behind them."""

    name: str
    slots: int
    handled_per_s: float
    busy: float
    blocked: float

    @property
    def busy_share(self) -> float:
        """Of its slots' time, from 0 to 1."""
        return self.busy / self.slots


@dataclass(frozen=True)
class Interval:
    """What happened from `begins_s` to `ends_s` of the schedule. What nobody told is not in it.

    By job: `offered_per_s` (published on the topics that it reads), `read_per_s` and `unread` (handed out by the
    broker, and not yet), `backlog` (not acknowledged), `vertices`.
    By process: `cores` used and `memory_mb`. `heap` and `collecting` are of the TaskManager where they are most: the
    share of its heap in use, and of its time spent collecting garbage.
    """

    begins_s: float
    ends_s: float
    published_per_s: float
    bytes_per_s: float
    offered_per_s: Mapping[str, float]
    read_per_s: Mapping[str, float]
    unread: Mapping[str, int]
    backlog: Mapping[str, int]
    vertices: Mapping[str, Sequence[Vertex]]
    cores: Mapping[str, float]
    memory_mb: Mapping[str, float]
    machine_cores: float
    all_cores: int
    disk_busy: float | None
    heap: float
    collecting: float

    @property
    def machine_share(self) -> float:
        """Of the machine's cores, whoever used them."""
        return self.machine_cores / self.all_cores


def read(file: Path) -> list[Sample]:
    """The samples of a run, oldest first."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def intervals(samples: Sequence[Sample], begun_ms: float, span: int = SPAN, step: int = 1) -> list[Interval]:
    """One from each `step`-th sample to the one `span` later; with a step below the span they overlap."""
    return [
        between(samples[at], samples[at + span], begun_ms, samples[0])
        for at in range(0, len(samples) - span, step)
        if samples[at]["at_ms"] < samples[at + span]["at_ms"]
    ]


def between(before: Sample, after: Sample, begun_ms: float, first: Sample) -> Interval:
    """What happened from one sample to the other; `first` is the run's, from which on unread messages are counted."""
    seconds = (after["at_ms"] - before["at_ms"]) / 1000
    topics: list[dict[str, Any]] = [sample.get("topic", {}) for sample in (first, before, after)]
    start, old, new = topics if all(topics) else [{}, {}, {}]
    machine = after["machine"]
    disk = [sample["machine"]["disk_busy_s"] for sample in (before, after)]
    return Interval(
        begins_s=(before["at_ms"] - begun_ms) / 1000,
        ends_s=(after["at_ms"] - begun_ms) / 1000,
        published_per_s=(new["in"] - old["in"]) / seconds if new else 0.0,
        bytes_per_s=(new["bytes_in"] - old["bytes_in"]) / seconds if new else 0.0,
        offered_per_s={job: (came - old["offered"][job]) / seconds for job, came in new.get("offered", {}).items()},
        read_per_s={job: (out - old["out"][job]) / seconds for job, out in new.get("out", {}).items()},
        unread={job: _unread(start, new, job) for job in new.get("out", {})},
        backlog=dict(new.get("backlog", {})),
        vertices=_vertices(before.get("jobs", {}), after.get("jobs", {})),
        cores={
            name: max(0.0, now["cpu_s"] - before["processes"][name]["cpu_s"]) / seconds
            for name, now in after["processes"].items()
            if name in before["processes"]
        },
        memory_mb={name: now["rss_mb"] for name, now in after["processes"].items()},
        machine_cores=(machine["busy_s"] - before["machine"]["busy_s"]) / seconds,
        all_cores=machine["cores"],
        disk_busy=None if None in disk else (disk[1] - disk[0]) / seconds,
        heap=max((heap["used_mb"] / heap["most_mb"] for heap in after.get("heaps", {}).values()), default=0.0),
        collecting=max(
            (
                max(0.0, heap["gc_s"] - before["heaps"][manager]["gc_s"]) / seconds
                for manager, heap in after.get("heaps", {}).items()
                if manager in before.get("heaps", {})
            ),
            default=0.0,
        ),
    )


def _unread(start: Mapping[str, Any], now: Mapping[str, Any], job: str) -> int:
    """Messages not yet handed to the job: what lay there at first, and what came more than went since.

    The broker's own figure counts what is not acknowledged, and a job acknowledges with its checkpoints.
    """
    came, went = now["offered"][job] - start["offered"][job], now["out"][job] - start["out"][job]
    return max(0, int(start["backlog"][job] + came - went))


def _vertices(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Vertex]]:
    found = {}
    for job, now in after.items():
        if job in before and len(before[job]["vertices"]) == len(now["vertices"]):
            pairs = zip(before[job]["vertices"], now["vertices"], strict=True)
            told = [_vertex(old, new) for old, new in pairs]
            if (whole := [vertex for vertex in told if vertex is not None]) and len(whole) == len(told):
                found[job] = whole
    return found


def _vertex(old: Mapping[str, Any], new: Mapping[str, Any]) -> Vertex | None:
    """None where Flink told nothing new, or the job was restarted, so that its counters began at zero."""
    passed = {way: new[way] - old[way] for way in ("busy_s", "idle_s", "blocked_s")}
    subtasks_s = sum(passed.values())
    if min(passed.values()) < 0 or subtasks_s < LEAST_S * new["slots"]:
        return None
    # A source has no records in, only those that it gives. Time is the figures' own, not that between our questions.
    counted = "in" if new["in"] else "out"
    return Vertex(
        name=new["name"],
        slots=new["slots"],
        handled_per_s=(new[counted] - old[counted]) * new["slots"] / subtasks_s,
        busy=passed["busy_s"] * new["slots"] / subtasks_s,
        blocked=passed["blocked_s"] / subtasks_s,
    )
