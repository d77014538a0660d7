"""Measure four of Nexmark's queries on this project's source, with their results checked."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from bench.cores import Cores
from bench.jobs import NOT_FOUND, complete_another, reading_since_s, submit_module, wait_until_empty
from bench.nexmark import bids, topic
from bench.nexmark.answers import differences
from bench.nexmark.job import RESULT
from bench.spread import spread
from errors import CannotRun
from settings import Flink, Pulsar, Warehouse, read
from settings.reader import ROOT
from stack.flink_rest import FlinkRest
from stack.private import private
from stack.pulsar_admin import PulsarAdmin

QUERIES = ("q5", "q11", "q12", "q18")
SETTINGS = {
    # q18 keeps most bids on the heap.
    "HONGBAO_STACK_TASKMANAGER_MEMORY_MB": "4096",
}
PARTITIONS = 4
# The last windows close some seconds after the last bid and land with the checkpoint after that.
RESULT_S = 180.0

Say = Callable[[str], None]


def run(count: int, repeats: int, say: Say = lambda _: None) -> dict[str, Any]:
    """By query: events/s, cores of the TaskManager and events/s a core, each with its spread; and the broker's cores.

    Each query goes first once into Parquet, which is held to DuckDB's answer; the runs that count give their rows to
    nobody, as Nexmark's do. Raises CannotRun for a wrong result, or where a bid was not read or came too late.
    """
    load = os.getloadavg()[0]
    found: dict[str, list[dict[str, float]]] = {query: [] for query in QUERIES}
    with private(ROOT / "var" / "bench", SETTINGS, say):
        say(f"publishing {count:,} bids")
        topic.publish(read(Pulsar), count, PARTITIONS)
        numbers = bids.numbers(count)
        for query in QUERIES:
            check(query, numbers)
            say(f"{query} gives what DuckDB gives")
        for turn in range(repeats):
            for query in QUERIES:
                figures = _measure(query, count)
                found[query].append(figures)
                say(f"{turn + 1} of {repeats}: {query} {figures['events_per_s']:,.0f} bids/s")
    return {
        "events": count,
        "repeats": repeats,
        "partitions": PARTITIONS,
        "load_before": round(load, 1),
        "queries": {query: summary(runs) for query, runs in found.items()},
    }


def summary(runs: list[dict[str, float]]) -> dict[str, Any]:
    """One query's figures with their spread over its runs."""
    digits = {"events_per_s": 0, "events_per_s_per_core": 0, "cores": 2, "broker_cores": 2}
    return {name: spread([run[name] for run in runs], places) for name, places in digits.items()}


def check(query: str, numbers: pa.Table) -> None:
    """Run the query into Parquet; raises CannotRun unless it gives what DuckDB gives over these bids, the topic's."""
    folder = read(Warehouse).folder / RESULT
    shutil.rmtree(folder, ignore_errors=True)
    with _running(query, "parquet") as (rest, job_id):
        _wait(rest, job_id, query, len(numbers))
        deadline = time.monotonic() + RESULT_S
        while wrong := _differences(query, numbers, folder, rest, job_id):
            if time.monotonic() > deadline:
                raise CannotRun(f"bench: {query} differs from DuckDB's answer over the same bids: {wrong[:3]!r}")


def _differences(query: str, numbers: pa.Table, folder: Path, rest: FlinkRest, job_id: str) -> list[tuple[Any, ...]]:
    complete_another(rest, job_id)
    return differences(query, numbers, folder)


def _measure(query: str, count: int) -> dict[str, float]:
    with _running(query, "blackhole") as (rest, job_id):
        begun_s = reading_since_s(rest, job_id, "bids")
        cores = Cores()
        _wait(rest, job_id, query, count)
        seconds, taken = time.time() - begun_s, cores.taken()
        late = sum(rest.metrics(job_id, "numLateRecordsDropped"))
        if late:
            raise CannotRun(f"bench: {query} dropped {late:,.0f} bids as late; the figure would mean nothing")
    events_per_s = count / seconds
    return {
        "events_per_s": events_per_s,
        "events_per_s_per_core": events_per_s / taken["taskmanagers"],
        "cores": taken["taskmanagers"],
        "broker_cores": taken["broker"],
    }


@contextmanager
def _running(query: str, sink: str) -> Iterator[tuple[FlinkRest, str]]:
    """The query on the whole topic from its beginning; it ends with the block."""
    pulsar = read(Pulsar)
    path = f"/{pulsar.topic(topic.PATH).replace('://', '/')}/subscription/{query}"
    with PulsarAdmin(pulsar.admin_url) as admin:
        admin.call("DELETE", f"{path}?force=true", accept=(NOT_FOUND,))
        admin.call("PUT", path, "earliest")
    with FlinkRest(read(Flink).rest_url) as rest:
        job_id = submit_module(rest, "bench.nexmark.job", query, sink)
        try:
            yield rest, job_id
        finally:
            rest.cancel_and_wait(job_id)


def _wait(rest: FlinkRest, job_id: str, query: str, count: int) -> None:
    """Return when the broker has the query's answer for every bid: a checkpoint holds what it made of them."""
    pulsar = read(Pulsar)
    with PulsarAdmin(pulsar.admin_url) as admin:
        path = pulsar.topic(topic.PATH)
        wait_until_empty(rest, job_id, count, lambda: admin.stats(path)["subscriptions"][query])
