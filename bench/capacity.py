"""Measure how many events a second so many slots of each job take, which `hongbao autoscale` fits its curve to.

Each job drains one backlog with 1, 2, … slots, up to one a core, and the TaskManager is held to as many cores: a slot's
tasks are several threads, and one slot alone would take them all. Every result is checked, as in `drain`. Then the
coupons job, with the state that the backlog left, is rescaled up and down.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from bench import backlog, drain
from bench.backlog import Books
from bench.jobs import drained
from jobs.coupons import Coupons
from ledger.reckoning import rules_of
from scaling.rescale import rescale
from schemas.topics import COUPONS
from settings import Flink, Pulsar, Stack, read
from settings.reader import ROOT
from stack.flink_rest import FlinkRest
from stack.private import private
from stack.processes import Service

SAY: Callable[[str], None] = lambda _: None  # noqa: E731 - a default, named once


def run(events: int, repeats: int, jobs: list[str], say: Callable[[str], None] = SAY) -> dict[str, Any]:
    """The cores, and a point a job, number of slots and repeat: job, slots, events_per_s.

    One more turn goes first and is not counted: it compiles. Raises CannotRun for a wrong result.
    """
    cores = len(os.sched_getaffinity(0))
    load = os.getloadavg()[0]
    points: list[dict[str, Any]] = []
    with private(ROOT / "var" / "bench", {**drain.SETTINGS, "HONGBAO_STACK_SCHEDULER": "adaptive"}, say):
        begins_ms = backlog.begins_ms(events)
        say(f"publishing {events:,} events")
        backlog.publish(read(Pulsar), events, begins_ms)
        books = backlog.books(backlog.made(events, begins_ms), rules_of(read(Coupons)))
        for turn in range(repeats + 1):
            for job in jobs:
                for slots in range(1, cores + 1):
                    rate = events / _seconds(job, slots, books)
                    say(f"{'warm-up' if turn == 0 else f'{turn} of {repeats}'}: {job} on {slots} {rate:,.0f} events/s")
                    if turn:
                        points.append({"job": job, "slots": slots, "events_per_s": round(rate)})
        rescales = _rescales(books, repeats, say)
    figures = {"events": events, "repeats": repeats, "cores": cores, "load_before": round(load, 1)}
    return {**figures, "points": points, "rescale": rescales}


def _rescales(books: Books, repeats: int, say: Callable[[str], None]) -> dict[str, list[float]]:
    """From two slots to one and back, so often: seconds in which tasks stood still, and whose events came again."""
    found = []
    with (
        drained("coupons", books.messages, ("coupons", "decisions"), COUPONS.path),
        FlinkRest(read(Flink).rest_url) as rest,
    ):
        job_id = rest.running_id("coupons")
        for slots in [1, 2] * repeats:
            found.append(rescale(rest, job_id, slots, read(Stack).folder))
            say(f"coupons rescaled to {slots} in {found[-1].downtime_s} s, {found[-1].again_s} s again")
    return {"downtime_s": [one.downtime_s for one in found], "again_s": [one.again_s for one in found]}


def _seconds(job: str, slots: int, books: Books) -> float:
    with _on_cores(slots), _set(f"HONGBAO_{job.upper()}_PARALLELISM", str(slots)):
        return drain.JOB_MEASURES[job](books)


@contextmanager
def _on_cores(number: int) -> Iterator[None]:
    """Hold every thread of the TaskManager to so many cores while the block runs; what it starts inherits that."""
    cores = os.sched_getaffinity(0)
    _hold(set(sorted(cores)[-number:]))
    try:
        yield
    finally:
        _hold(cores)


def _hold(cores: set[int]) -> None:
    process = Service("taskmanager-1", read(Stack).folder).process()
    for thread in process.threads() if process is not None else ():
        try:
            os.sched_setaffinity(thread.id, cores)
        except ProcessLookupError:
            continue  # it ended meanwhile


@contextmanager
def _set(key: str, value: str) -> Iterator[None]:
    before = os.environ.get(key)
    os.environ[key] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[key]
        else:
            os.environ[key] = before
