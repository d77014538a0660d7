"""Let jobs empty a backlog of so many users, in a stack of its own with so many TaskManagers and partitions."""

from collections.abc import Callable, Sequence
from typing import Any

import warehouse
from bench import backlog
from bench.backlog import Counts
from bench.growth import footprint, visitors
from bench.jobs import drained
from bench.spread import spread
from errors import CannotRun
from jobs.conversion import Conversion
from schemas.topics import COUPONS
from settings import Flink, Pulsar, read
from settings.reader import ROOT
from stack.flink_rest import FlinkRest
from stack.private import private
from stack.processes import wait_until
from warehouse.differences import conversion

JOBS = ("landing", "conversion", "coupons")
TABLES = {
    "landing": ("events", "duplicates", "dead_letters"),
    "conversion": ("conversion", "session_results", "late_events"),
    "coupons": ("coupons", "decisions"),
}
SETTINGS = {
    # The sale ended before the bench reads it; by default what is ten minutes old earns nothing.
    "HONGBAO_COUPONS_LONGEST_PAST": "1 d",
    "HONGBAO_PULSAR_CLICK_PARTITIONS": "4",
}
# Windows close some seconds after the last event and land with the checkpoint after that.
FIGURES_S = 300.0
# Of a user; a visit has five to six events, so that two of three come at all, once or more.
EVENTS = backlog.EVENTS_PER_SHOPPER

Say = Callable[[str], None]


def measured(
    users: int,
    repeats: int,
    say: Say,
    jobs: Sequence[str] = JOBS,
    settings: dict[str, str] | None = None,
    live_seconds: float = 0.0,
) -> dict[str, Any]:
    """By job: events/s over the repeats, then state, checkpoint and memory with all of it in state.

    With `live_seconds` shoppers of the same shop then come for so long, and the coupons' latency is in it. One repeat
    more goes first and is not counted. Raises CannotRun for a wrong result.
    """
    events = users * EVENTS
    with private(ROOT / "var" / "bench", {**SETTINGS, **(settings or {})}, say):
        begins_ms = backlog.begins_ms(events)
        say(f"publishing {events:,} events of {users:,} users")
        backlog.publish(read(Pulsar), events, begins_ms, users)
        counts = backlog.counts(backlog.made(events, begins_ms, shoppers=users))
        idle = footprint.memory()
        found: dict[str, list[dict[str, Any]]] = {job: [] for job in jobs}
        for turn in range(repeats + 1):
            for job in jobs:
                last = turn == repeats
                figures = _drain(job, counts, last, users if last and job == "coupons" else 0, live_seconds)
                say(f"{job} of {users:,} users: {figures['events_per_s']:,.0f} events/s")
                if turn:
                    found[job].append(figures)
    return {
        "users": counts.shoppers,
        "events": counts.messages,
        "idle": idle,
        "jobs": {job: _summary(runs) for job, runs in found.items()},
    }


def _summary(runs: list[dict[str, Any]]) -> dict[str, Any]:
    return {**runs[-1], "events_per_s": spread([run["events_per_s"] for run in runs])}


def _drain(job: str, counts: Counts, last: bool, users: int, live_seconds: float) -> dict[str, Any]:
    topic = COUPONS.path if job == "coupons" else None
    with drained(job, counts.messages, TABLES[job], topic) as seconds, FlinkRest(read(Flink).rest_url) as rest:
        figures: dict[str, Any] = {"events_per_s": counts.messages / seconds}
        if last:
            figures |= footprint.checkpoint(rest, rest.running_id(job))
            figures |= footprint.memory()
        if job == "conversion":
            # The job's answer to the same question as DuckDB's over what landed.
            currency = read(Conversion).currency
            wait_until("the conversion figures", lambda: not conversion(currency), FIGURES_S)
        _check(job, counts)
        if users and live_seconds:
            figures["latency_ms"] = visitors.latency_ms(users, live_seconds)
    return figures


def _check(job: str, counts: Counts) -> None:
    """Counts alone: `hongbao bench drain` holds each coupon to the reckoning."""
    if job == "landing":
        (found,) = warehouse.query("SELECT count(*) AS rows, count(DISTINCT event_id) AS ids FROM events")
        if (found["rows"], found["ids"]) != (counts.distinct, counts.distinct):
            raise CannotRun(f"bench: landed {found['rows']:,} events, must be {counts.distinct:,}, each once")
    elif job == "coupons":
        (found,) = warehouse.query("SELECT count(*) AS rows, count(DISTINCT coupon_id) AS ids FROM coupons")
        if not found["rows"] == found["ids"] > 0:
            raise CannotRun(f"bench: {found['rows']:,} coupons of {found['ids']:,} ids; each must come once")
