"""Samples of a rehearsal that never ran: what each second did is given, so that what must be found is known."""

from collections.abc import Callable, Iterable
from typing import Any

from ingest.profile import Phase
from rehearsal.figures import Rehearsed
from rehearsal.intervals import intervals
from rehearsal.verdict import Layout

BEGUN_MS = 1_800_000_000_000
LAYOUT = Layout(
    partitions=8,
    taskmanagers=1,
    slots_per_taskmanager=6,
    parallelism={"coupons": 2},
    checkpoint_interval_ms={"coupons": 10_000},
    taskmanager_memory_mb=3072,
)
SOURCE = "Source: clicks-source"
# A microsecond a second is a millionth of a slot: 40 µs an event fill two slots at 50,000 events/s.
EVENT_S = 40e-6

OfRate = Callable[[float], float]


def ramp(least: float, most: float, seconds: int) -> list[float]:
    """A rate for each second, along a straight line."""
    return [least + (most - least) * second / (seconds - 1) for second in range(seconds)]


def samples(
    rates: Iterable[float],
    read: OfRate = lambda rate: rate,
    busy: OfRate = lambda rate: EVENT_S * rate,
    machine: OfRate = lambda rate: 0.2 + 60e-6 * rate,
    worker: OfRate = lambda rate: 0.1 + 50e-6 * rate,
    blocked: float = 0.0,
    collecting: float = 0.0,
    disk: float | None = 0.0,
    publisher: OfRate = lambda rate: 10e-6 * rate,
    checkpoint_ms: int = 200,
    all_cores: int = 2,
) -> list[dict[str, Any]]:
    """One a second, the first before anything: counters of one job of two slots and its single judge.

    `read` is what the job takes at a rate; `busy` its slots, `machine`, `worker` and `publisher` cores.
    """
    found: list[dict[str, Any]] = []
    sums = dict.fromkeys(("in", "out", "busy", "machine", "worker", "publisher"), 0.0)
    for second, rate in enumerate([0.0, *rates]):
        taken = read(rate) if second else 0.0
        steps = (rate, taken, busy(taken), machine(rate), worker(rate), publisher(rate)) if second else (0.0,) * 6
        for name, step in zip(sums, steps, strict=True):
            sums[name] += step
        idle_s = 2 * second - sums["busy"] - 2 * second * blocked
        judge = {"name": "judge", "slots": 1, "in": sums["out"] / 20, "out": 0, "busy_s": 0.01 * second}
        found.append(
            {
                "at_ms": BEGUN_MS + 1000 * second,
                "processes": {
                    "taskmanager-1": {"cpu_s": sums["worker"], "rss_mb": 1_000.0 + second},
                    "publisher": {"cpu_s": sums["publisher"], "rss_mb": 200.0},
                },
                "machine": {
                    "cores": all_cores,
                    "busy_s": sums["machine"],
                    "available_mb": 10_000,
                    "disk_busy_s": None if disk is None else disk * second,
                },
                "topic": {
                    "in": sums["in"],
                    "bytes_in": 130 * sums["in"],
                    "offered": {"coupons": sums["in"]},
                    "out": {"coupons": sums["out"]},
                    "backlog": {"coupons": sums["in"] - sums["out"]},
                },
                "jobs": {
                    "coupons": {
                        "state": "RUNNING",
                        "checkpoints": [
                            {
                                "number": second // 10,
                                "begun_ms": BEGUN_MS + second // 10 * 10_000,
                                "ms": checkpoint_ms,
                                "bytes": 1_000_000,
                            }
                        ],
                        "vertices": [
                            {
                                "name": SOURCE,
                                "slots": 2,
                                "in": 0,
                                "out": sums["out"],
                                "busy_s": sums["busy"],
                                "idle_s": idle_s,
                                "blocked_s": 2 * second * blocked,
                            },
                            {**judge, "idle_s": 0.99 * second, "blocked_s": 0.0},
                        ],
                    }
                },
                "heaps": {"one": {"gc_s": collecting * second, "used_mb": 500.0, "most_mb": 1_000.0}},
                "missing": {},
            }
        )
    return found


def receipt(at_s: float, latency_ms: int, lane: str = "normal", number: int = 0) -> dict[str, Any]:
    """A coupon whose event was to be sent at that second of the schedule, and was 2 ms late."""
    occurred_ms = BEGUN_MS + round(at_s * 1000)
    return {
        "coupon_id": f"coupon-{at_s}-{lane}-{number}",
        "lane": lane,
        "occurred_ms": occurred_ms,
        "published_ms": occurred_ms + 2,
        "due_ms": occurred_ms + 2,
        "received_ms": occurred_ms + latency_ms,
    }


def run(
    phases: list[Phase],
    sampled: list[dict[str, Any]],
    receipts: list[dict[str, Any]] | None = None,
    behind_ms: list[float] | None = None,
) -> Rehearsed:
    seconds = round(sum(phase.duration_s for phase in phases))
    return Rehearsed(
        phases, BEGUN_MS, intervals(sampled, BEGUN_MS), sampled, receipts or [], behind_ms or [0.0] * seconds
    )
