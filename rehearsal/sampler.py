"""Ask processes, broker and cluster once a second what they have done so far, and append each answer to a file.

Counters are kept as they are, ever growing: what happened between two lines is their difference (intervals.py), so a
line that is missing harms nothing. One line:

    at_ms       when
    processes   by name: cpu_s, rss_mb
    machine     cores, busy_s, available_mb, disk_busy_s
    topic       in, bytes_in, of all topics of clicks; by job: offered (in, of the topics that it reads), out (handed to
                it), backlog (not acknowledged)
    jobs        by job: state, vertices (name, slots, in, out; busy_s, idle_s, blocked_s: how their subtasks' time
                passed, summed), and every fifth line checkpoints (number, begun_ms, ms, bytes)
    heaps       by TaskManager: gc_s, used_mb, most_mb
    missing     who did not answer, and why
"""

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from errors import HongbaoError
from rehearsal import machine
from schemas.topics import CLICK_TOPICS
from settings import Flink, Pulsar
from stack.flink_rest import FlinkRest
from stack.pulsar_admin import PulsarAdmin

EVERY_S = 1.0
# The history holds ten of them: fresh as they are, they need not be asked for in each line.
CHECKPOINTS_EVERY = 5
HEAP = {
    "Status.JVM.GarbageCollector.All.Time": ("gc_s", 1e-3),
    "Status.JVM.Memory.Heap.Used": ("used_mb", 1e-6),
    "Status.JVM.Memory.Heap.Max": ("most_mb", 1e-6),
}


class Sampler:
    """Samples for as long as the block runs, in a thread. `jobs` are names and ids, `processes` may grow meanwhile."""

    def __init__(
        self,
        file: Path,
        pulsar: Pulsar,
        flink: Flink,
        jobs: Mapping[str, str],
        processes: Mapping[str, psutil.Process],
        folder: Path,
    ) -> None:
        self._file = file
        self._topics = [pulsar.topic(topic.path) for topic in CLICK_TOPICS]
        self._admin, self._rest = PulsarAdmin(pulsar.admin_url), FlinkRest(flink.rest_url)
        self._jobs, self._processes = jobs, processes
        self._disk = machine.disk_of(folder)
        self._stopped = threading.Event()
        self._taken = 0
        self._executor = ThreadPoolExecutor(1, "samples")

    def __enter__(self) -> Self:
        # Before the block: what lies unread is counted from the first sample on.
        self._sampling = self._executor.submit(self._run, self.sample())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stopped.set()
        self._executor.shutdown()
        self._admin.__exit__(kind, error, at)
        self._rest.__exit__(kind, error, at)
        if error is None:
            # A file that could not be written must not look like a run in which nothing happened.
            self._sampling.result()

    def _run(self, first: Mapping[str, Any]) -> None:
        next_s = time.monotonic()
        with self._file.open("w", encoding="utf-8", buffering=1) as lines:
            lines.write(json.dumps(first) + "\n")
            while not self._stopped.wait(max(0.0, next_s + EVERY_S - time.monotonic())):
                next_s = max(next_s + EVERY_S, time.monotonic())
                lines.write(json.dumps(self.sample()) + "\n")

    def sample(self) -> dict[str, Any]:
        """One line; who does not answer is left out and named."""
        missing: dict[str, str] = {}
        at_ms = time.time_ns() // 1_000_000
        line: dict[str, Any] = {
            "at_ms": at_ms,
            "processes": machine.processes(dict(self._processes)),
            "machine": machine.machine(self._disk),
        }
        asks: dict[str, Callable[[], Any]] = {"topic": self._topic_now, "jobs": self._jobs_now, "heaps": self._heaps}
        for name, ask in asks.items():
            try:
                line[name] = ask()
            except (HongbaoError, KeyError, ValueError) as error:
                missing[name] = str(error)
        return {**line, "missing": missing}

    def _topic_now(self) -> dict[str, Any]:
        return clicks([self._admin.stats(topic) for topic in self._topics], self._jobs)

    def _jobs_now(self) -> dict[str, Any]:
        found = {}
        for job, job_id in self._jobs.items():
            told = self._rest.call("GET", f"/jobs/{job_id}")
            found[job] = {"state": told["state"], "vertices": [vertex(one) for one in told["vertices"]]}
            if self._taken % CHECKPOINTS_EVERY == 0:
                history = self._rest.call("GET", f"/jobs/{job_id}/checkpoints")["history"]
                found[job]["checkpoints"] = list(checkpoints(history))
        self._taken += 1
        return found

    def _heaps(self) -> dict[str, Any]:
        return {
            manager["id"]: heap(self._rest.call("GET", f"/taskmanagers/{manager['id']}/metrics?get={','.join(HEAP)}"))
            for manager in self._rest.call("GET", "/taskmanagers")["taskmanagers"]
        }


def clicks(stats: Sequence[Mapping[str, Any]], jobs: Iterable[str]) -> dict[str, Any]:
    """The counters of the topics of clicks together; a job counts on the topics that it subscribed to."""
    ours = {job: [one["subscriptions"].get(job) for one in stats] for job in jobs}

    def total(key: str, found: Iterable[Mapping[str, Any] | None]) -> int:
        return sum(one[key] for one in found if one is not None)

    return {
        "in": total("msgInCounter", stats),
        "bytes_in": total("bytesInCounter", stats),
        "offered": {
            job: sum(one["msgInCounter"] for one, mine in zip(stats, found, strict=True) if mine is not None)
            for job, found in ours.items()
        },
        "out": {job: total("msgOutCounter", found) for job, found in ours.items()},
        "backlog": {job: total("msgBacklog", found) for job, found in ours.items()},
    }


def vertex(told: Mapping[str, Any]) -> dict[str, Any]:
    """A vertex of Flink's /jobs/ID under our names; its times are milliseconds there, summed over its subtasks."""
    metrics = told["metrics"]
    return {
        "name": told["name"],
        "slots": told["parallelism"],
        "in": metrics["read-records"],
        "out": metrics["write-records"],
        "busy_s": _seconds(metrics["accumulated-busy-time"]),
        "idle_s": _seconds(metrics["accumulated-idle-time"]),
        "blocked_s": _seconds(metrics["accumulated-backpressured-time"]),
    }


def checkpoints(history: Iterable[Mapping[str, Any]]) -> Iterable[dict[str, Any]]:
    """The completed ones of Flink's /jobs/ID/checkpoints, newest first."""
    for one in history:
        if one["status"] == "COMPLETED":
            yield {
                "number": one["id"],
                "begun_ms": one["trigger_timestamp"],
                "ms": one["end_to_end_duration"],
                "bytes": one["state_size"],
            }


def heap(told: Iterable[Mapping[str, str]]) -> dict[str, float]:
    """A TaskManager's metrics under our names."""
    return {HEAP[one["id"]][0]: round(float(one["value"]) * HEAP[one["id"]][1], 3) for one in told if one["id"] in HEAP}


def _seconds(milliseconds: float | str) -> float:
    """Flink says "NaN" of a task that has not told yet."""
    number = float(milliseconds)
    return 0.0 if number != number else number / 1000
