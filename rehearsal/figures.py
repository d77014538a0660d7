"""Sum up a rehearsal phase by phase: latency by lane, backlog and drain, checkpoints, cores and memory."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any

from bench import latency
from ingest.profile import Phase
from rehearsal.intervals import Interval, Sample
from rehearsal.phases import phase_at, spans

# A job that is no further behind than this has caught up: less than its fetch and one checkpoint are always under way.
BEHIND_S = 1.0
# At a low rate a second is a handful of events, and the broker hands them out in batches.
BEHIND_LEAST = 100


@dataclass(frozen=True)
class Rehearsed:
    """A rehearsal as it was measured; seconds count from the first event's due time, `begun_ms` since 1970."""

    phases: Sequence[Phase]
    begun_ms: float
    # Overlapping, one a second.
    intervals: Sequence[Interval]
    samples: Sequence[Sample]
    # First receipts of coupons, as demo.subscriber writes them.
    receipts: Sequence[Mapping[str, Any]]
    # The most that the publisher was late, by the second of the schedule.
    behind_ms_by_s: Sequence[float]


def due_ms(receipt: Mapping[str, Any]) -> int:
    """When the coupon was due: when its event was to be sent, or for a timed pattern when its wait was over."""
    timed = receipt["due_ms"] != receipt["published_ms"]
    return int(receipt["due_ms"] if timed else receipt["occurred_ms"])


def by_phase(run: Rehearsed) -> list[dict[str, Any]]:
    """One object a phase, in order; percentiles in milliseconds, memory in MB, rates in events/s."""
    return [_phase(run, phase, begins_s, ends_s) for phase, begins_s, ends_s in spans(run.phases)]


def _phase(run: Rehearsed, phase: Phase, begins_s: float, ends_s: float) -> dict[str, Any]:
    within = [one for one in run.intervals if begins_s <= (one.begins_s + one.ends_s) / 2 < ends_s]
    receipts = [one for one in run.receipts if begins_s <= (due_ms(one) - run.begun_ms) / 1000 < ends_s]
    behind_ms = run.behind_ms_by_s[int(begins_s) : max(int(begins_s) + 1, int(ends_s))]
    return {
        "phase": phase.name,
        "seconds": round(phase.duration_s, 1),
        "events_per_s": {
            "begin": round(phase.events_per_s, 1),
            "end": round(phase.events_per_s_end, 1),
            "published": round(fmean(one.published_per_s for one in within), 1) if within else 0.0,
        },
        "publisher_behind_ms": max(behind_ms, default=0.0),
        "latency_ms": _latencies(receipts),
        "backlog": {job: max(one.backlog.get(job, 0) for one in within) for job in _jobs(within)},
        "unread": {job: max(one.unread.get(job, 0) for one in within) for job in _jobs(within)},
        "drain_s": drain_s(run.intervals, ends_s),
        "checkpoints": _checkpoints(run, begins_s, ends_s),
        "cores": _spread(within, "cores", 2),
        "memory_mb": _spread(within, "memory_mb", 0),
        "heap_share": round(max((one.heap for one in within), default=0.0), 2),
        "collecting_share": round(max((one.collecting for one in within), default=0.0), 3),
        "machine_cores": round(fmean(one.machine_cores for one in within), 2) if within else 0.0,
    }


def _latencies(receipts: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """Of all coupons and, where there is more than one lane, of each."""
    lanes: defaultdict[str, list[float]] = defaultdict(list)
    for receipt in receipts:
        lanes[receipt["lane"]].append(receipt["received_ms"] - due_ms(receipt))
    found = {lane: latency.percentiles(latency.histogram(values)) for lane, values in sorted(lanes.items())}
    every = [value for values in lanes.values() for value in values]
    return {"all": latency.percentiles(latency.histogram(every)), **(found if len(found) > 1 else {})}


def drain_s(intervals: Iterable[Interval], ends_s: float) -> float | None:
    """Seconds from then on until every job was within a second of what is published; None when it never was."""
    for one in intervals:
        bound = max(BEHIND_LEAST, BEHIND_S * one.published_per_s)
        if one.ends_s >= ends_s and one.unread and all(unread <= bound for unread in one.unread.values()):
            return round(max(0.0, one.ends_s - ends_s), 1)
    return None


def checkpoints(samples: Iterable[Sample]) -> dict[str, list[dict[str, Any]]]:
    """Every completed checkpoint by job, oldest first: number, begun_ms, ms, bytes."""
    found: defaultdict[str, dict[int, dict[str, Any]]] = defaultdict(dict)
    for sample in samples:
        for job, told in sample.get("jobs", {}).items():
            found[job].update({one["number"]: one for one in told.get("checkpoints", [])})
    return {job: [ones[number] for number in sorted(ones)] for job, ones in found.items()}


def _checkpoints(run: Rehearsed, begins_s: float, ends_s: float) -> dict[str, dict[str, float]]:
    found = {}
    for job, every in checkpoints(run.samples).items():
        ones = [one for one in every if begins_s <= (one["begun_ms"] - run.begun_ms) / 1000 < ends_s]
        if ones:
            times = [one["ms"] for one in ones]
            size_mb = round(max(one["bytes"] for one in ones) / 1e6, 1)
            found[job] = {"count": len(ones), "median_ms": median(times), "most_ms": max(times), "most_mb": size_mb}
    return found


def _spread(within: Sequence[Interval], field: str, digits: int) -> dict[str, dict[str, float]]:
    """Mean and most of each process's figure."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    for one in within:
        for name, value in getattr(one, field).items():
            found[name].append(value)
    return {
        name: {"mean": round(fmean(values), digits), "most": round(max(values), digits)}
        for name, values in sorted(found.items())
    }


def _jobs(within: Sequence[Interval]) -> list[str]:
    return sorted({job for one in within for job in one.unread})


def phase_of(run: Rehearsed, second: float) -> str:
    """The phase of a second, `after` the last."""
    return phase_at(run.phases, second) or "after"
