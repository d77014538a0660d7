"""Measure how many events a second so many slots of each job take, which `hongbao autoscale` fits its curve to.

Each job drains one backlog with 1, 2, … slots, up to one a core: with more of them they would share a core, which says
nothing of slots that have one each. Every result is checked, as in `drain`. Then the coupons job, with the state that
the backlog left, is rescaled up and down.
"""

import os
from collections.abc import Callable
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
        say("rescaling coupons")
        rescales = _rescales(books, repeats)
    figures = {"events": events, "repeats": repeats, "cores": cores, "load_before": round(load, 1)}
    return {**figures, "points": points, "rescale": rescales}


def _rescales(books: Books, repeats: int) -> dict[str, list[float]]:
    """From two slots to one and back, so often: seconds in which tasks stood still, and whose events came again."""
    found = []
    with (
        drained("coupons", books.messages, ("coupons", "decisions"), COUPONS.path),
        FlinkRest(read(Flink).rest_url) as rest,
    ):
        job_id = rest.running_id("coupons")
        for slots in [1, 2] * repeats:
            found.append(rescale(rest, job_id, slots, read(Stack).folder))
    return {"downtime_s": [one.downtime_s for one in found], "again_s": [one.again_s for one in found]}


def _seconds(job: str, slots: int, books: Books) -> float:
    key = f"HONGBAO_{job.upper()}_PARALLELISM"
    before = os.environ.get(key)
    os.environ[key] = str(slots)
    try:
        return drain.JOB_MEASURES[job](books)
    finally:
        if before is None:
            del os.environ[key]
        else:
            os.environ[key] = before
