"""Measure how fast each job empties a backlog, and its peers, turn by turn on the same events.

Every figure's result is checked: a drain that loses, doubles or invents something ends the run.
"""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

import warehouse
from bench import backlog, readers
from bench.backlog import Books
from bench.jobs import drained
from bench.spread import ratios, spread
from errors import CannotRun
from jobs.conversion import Conversion
from jobs.coupons import Coupons
from ledger.reckoning import rules_of
from schemas.topics import COUPONS
from settings import Pulsar, Warehouse, read
from settings.reader import ROOT
from stack.private import private
from stack.processes import wait_until
from warehouse.differences import conversion

SETTINGS = {
    # The sale ended before the bench reads it; by default what is ten minutes old earns nothing.
    "HONGBAO_COUPONS_LONGEST_PAST": "1 d",
    # A batch is a partition's.
    "HONGBAO_PULSAR_CLICK_PARTITIONS": "4",
}
# Windows close some seconds after the last event and land with the checkpoint after that.
FIGURES_S = 120.0
# What each repeat runs, in this order: what the last one left in the broker's caches meets all alike.
PEERS = ("loop", "bytewax", "flink_sql")
JOBS = ("landing", "conversion", "coupons")
# What landing is made of, one step more each.
STEPS = ("read", "deduplicate")

Say = Callable[[str], None]


def run(events: int, repeats: int, say: Say = lambda _: None) -> dict[str, Any]:
    """Events/s of each job, of the transport and of the peers, as least, median and most of the repeats; and ratios.

    One more turn goes first and is not counted: it compiles. Raises CannotRun for a wrong result.
    """
    found: dict[str, list[float]] = {}
    load = os.getloadavg()[0]
    with private(ROOT / "var" / "bench", SETTINGS, say):
        broker, begins_ms = read(Pulsar), backlog.begins_ms(events)
        say(f"publishing {events:,} events")
        backlog.publish(broker, events, begins_ms)
        say("reckoning what must come of them")
        books = backlog.books(backlog.made(events, begins_ms), rules_of(read(Coupons)))
        for turn in range(repeats + 1):
            for name, measure in _measures(broker, books).items():
                rate = events / measure()
                say(f"{'warm-up' if turn == 0 else f'{turn} of {repeats}'}: {name} {rate:,.0f} events/s")
                if turn:
                    found.setdefault(name, []).append(rate)
    return {"events": events, "repeats": repeats, "load_before": round(load, 1), **summary(found)}


def summary(found: dict[str, list[float]]) -> dict[str, Any]:
    """The figures as the bench prints them, from the events/s of each repeat."""
    figures = {name: spread(rates) for name, rates in found.items()}
    return {
        **{name: figures[name] for name in (*JOBS, "transport")},
        "peers": {name: figures[name] for name in PEERS},
        "steps": {name: figures[name] for name in STEPS},
        "ratios": {
            "coupons to bytewax": ratios(found["coupons"], found["bytewax"]),
            "coupons to loop": ratios(found["coupons"], found["loop"]),
            "landing to transport": ratios(found["landing"], found["transport"]),
            "conversion to transport": ratios(found["conversion"], found["transport"]),
            # What a job could reach on this source if it did nothing but read.
            "read to loop": ratios(found["read"], found["loop"]),
            "read to transport": ratios(found["read"], found["transport"]),
            "coupons to flink_sql": ratios(found["coupons"], found["flink_sql"]),
        },
    }


def _measures(broker: Pulsar, books: Books) -> dict[str, Callable[[], float]]:
    """Each gives the seconds that it took."""
    return {
        "transport": lambda: _read_by(readers.transport(broker, books.messages), books),
        **{job: partial(measure, books) for job, measure in JOB_MEASURES.items()},
        "loop": lambda: _read_by(readers.loop(broker, PROCESSES["loop"]), books),
        "bytewax": lambda: _read_by(readers.bytewax(broker, PROCESSES["bytewax"]), books),
        "flink_sql": lambda: _flink_sql(books),
        "read": lambda: _step("read", books),
        "deduplicate": lambda: _step("deduplicate", books),
    }


# One a core, each with its own partitions: no lock of an interpreter between them.
PROCESSES = {"loop": 2, "bytewax": 2}


def _read_by(answer: dict[str, Any], books: Books) -> float:
    _check("messages", answer["events"], books.messages)
    if "thirds" in answer:
        _check("third views", answer["thirds"], books.thirds)
    return float(answer["seconds"])


def _landing(books: Books) -> float:
    with drained("landing", books.messages, ("events", "duplicates", "dead_letters")) as seconds:
        pass
    (found,) = warehouse.query("SELECT count(*) AS rows, count(DISTINCT event_id) AS ids FROM events")
    _check("landed events", found["rows"], books.distinct)
    _check("distinct landed events", found["ids"], books.distinct)
    (found,) = warehouse.query("SELECT count(*) AS rows FROM duplicates")
    _check("dropped duplicates", found["rows"], books.messages - books.distinct)
    return seconds


def _conversion(books: Books) -> float:
    currency = read(Conversion).currency
    with drained("conversion", books.messages, ("conversion", "session_results", "late_events")) as seconds:
        # The job's answer to the same question as DuckDB's over what landed; the wait is not counted.
        wait_until("the conversion figures", lambda: not conversion(currency), FIGURES_S)
    return seconds


def _coupons(books: Books) -> float:
    with drained("coupons", books.messages, ("coupons", "decisions"), COUPONS.path) as seconds:
        pass
    given = {row["coupon_id"] for row in warehouse.query("SELECT coupon_id FROM coupons")}
    certain = {coupon.coupon_id for coupon in books.coupons.values() if coupon.certain}
    _check("coupons missing", len(certain - given), 0)
    _check("coupons that nothing earned", len(given - set(books.coupons)), 0)
    return seconds


def _flink_sql(books: Books) -> float:
    with drained("flink_sql", books.messages, ("thirds",)) as seconds:
        pass
    files = (read(Warehouse).folder / "thirds").rglob("*.parquet")
    pairs = {pair for file in files for pair in zip(*_columns(file), strict=True)}
    _check("third views", len(pairs), books.thirds)
    return seconds


# Each gives the seconds that a job took for the backlog, its result checked.
JOB_MEASURES: dict[str, Callable[[Books], float]] = {
    "landing": _landing,
    "conversion": _conversion,
    "coupons": _coupons,
}


def _step(job: str, books: Books) -> float:
    """Nothing comes of it; that all was read is what the subscription says."""
    with drained(job, books.messages, ()) as seconds:
        return seconds


def _columns(file: Path) -> tuple[list[str], list[str]]:
    table = pq.read_table(file, columns=["shopper_id", "product_id"], partitioning=None)
    return table["shopper_id"].to_pylist(), table["product_id"].to_pylist()


def _check(what: str, found: int, wanted: int) -> None:
    if found != wanted:
        raise CannotRun(f"bench: {found:,} {what}, must be {wanted:,}; the figure would mean nothing")
