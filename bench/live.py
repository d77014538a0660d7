"""Measure how long a coupon takes, from the moment its event was to be sent to its receipt in another process.

Publisher, broker, all three jobs and the subscriber share the machine. The load is open loop (bench/load.py).
"""

import os
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import warehouse
from bench import latency
from bench.drain import JOBS
from bench.spread import spread
from errors import CannotRun
from jobs.submit import submit_and_check
from schemas.topics import COUPONS
from settings import Pulsar, read
from settings.reader import ROOT
from stack import topics
from stack.child import begin, process, told
from stack.private import private
from stack.processes import wait_until
from stack.pulsar_admin import PulsarAdmin

# A shop's usual traffic, a good day, a flash sale.
USUAL_PER_S = 250
TIMES = (1, 10, 100)
WARM_TIMES = 10
SETTINGS = {
    "HONGBAO_PULSAR_CLICK_PARTITIONS": "4",
    # Of a basket left behind nobody waits for the coupon; it would come after the run.
    "HONGBAO_COUPONS_ABANDONED_AFTER": "1 h",
}
# Of each run, not counted. Longer than the longest checkpoint interval, 10 s.
WARM_UP_S = 15
# Once, before all: on two cores the JVMs' compilers are at work for a minute after a start. A shop's are up for days.
FIRST_S = 60
SETTLE_S = 600.0
APPENDED = (Path(__file__).parent / "sql" / "appended.sql").read_text(encoding="utf-8")

Say = Callable[[str], None]


def run(seconds: float, repeats: int, say: Say = lambda _: None) -> dict[str, Any]:
    """Milliseconds by rate: p50, p99, p999 and max, each with its spread over the repeats, and the stages' means.

    A rate's repeats run for `seconds` each after a warm-up, the lower rate's first: what a flood leaves behind is
    `hongbao rehearse`'s to tell. Raises CannotRun where a coupon came twice.
    """
    runs: dict[int, list[list[dict[str, Any]]]] = {times: [] for times in TIMES}
    behind_ms: dict[int, list[float]] = {times: [] for times in TIMES}
    folder, load = ROOT / "var" / "bench", os.getloadavg()[0]
    with private(folder, SETTINGS, say):
        submit_and_check(("coupons", "landing", "conversion"), say)
        say("warming up")
        _load(folder / "receipts-0.jsonl", USUAL_PER_S * WARM_TIMES, FIRST_S - WARM_UP_S, 0)
        for number, (times, repeat) in enumerate(product(TIMES, range(repeats)), 1):
            found, late_ms = _load(folder / f"receipts-{number}.jsonl", USUAL_PER_S * times, seconds, number)
            runs[times].append(found)
            behind_ms[times].append(late_ms)
            p99 = latency.percentiles(latency.histogram(map(latency.whole_ms, found)))["p99"]
            say(f"{repeat + 1} of {repeats}: {USUAL_PER_S * times:,} events/s, p99 {p99:,.0f} ms")
    return {
        "seconds": seconds,
        "repeats": repeats,
        "load_before": round(load, 1),
        "rates": {str(USUAL_PER_S * times): summary(runs[times], behind_ms[times]) for times in TIMES},
    }


def summary(runs: list[list[dict[str, Any]]], behind_ms: list[float]) -> dict[str, Any]:
    """One rate's figures, from the receipts of each repeat."""
    histograms = [latency.histogram(map(latency.whole_ms, found)) for found in runs]
    each = [latency.percentiles(one) for one in histograms]
    return {
        **{name: spread([figures[name] for figures in each]) for name in (*latency.PERCENTILES, "max")},
        "whole": latency.percentiles(latency.merged(histograms)),
        "budget_ms": latency.budget(receipt for found in runs for receipt in found),
        "publisher_behind_ms": spread(behind_ms, 1),
    }


def _load(file: Path, events_per_s: float, seconds: float, seed: int) -> tuple[list[dict[str, Any]], float]:
    """The receipts of one run, with what their events landed with; and how late the sender was at worst."""
    profile = f"{events_per_s:f}x{WARM_UP_S + seconds:f}s"
    with process("demo.subscriber", str(file)), process("bench.load", profile, str(seed)) as load:
        begin(load)
        sent = told(load)
        _settle()
    begun_ms = sent["begun_ms"]
    found = latency.receipts(file, begun_ms)
    landed = {row["coupon_id"]: row["appended_ms"] for row in warehouse.query(APPENDED, values={"since_ms": begun_ms})}
    if {receipt["coupon_id"] for receipt in found} != set(landed) or not found:
        raise CannotRun(f"bench: {len(found):,} coupons received, {len(landed):,} landed; they must be the same")
    counted = [receipt for receipt in found if receipt["occurred_ms"] >= begun_ms + WARM_UP_S * 1000]
    return [{**receipt, "appended_ms": landed[receipt["coupon_id"]]} for receipt in counted], sent["behind_ms"]


def _settle() -> None:
    """Return when everybody has acknowledged everything."""
    broker = read(Pulsar)

    def quiet() -> bool:
        with PulsarAdmin(broker.admin_url) as admin:
            readers = admin.stats(broker.topic(COUPONS.path))["subscriptions"]
            clicks = sum(topics.backlog(admin, broker, job) for job in JOBS)
            return clicks + sum(int(reader["msgBacklog"]) for reader in readers.values()) == 0

    wait_until("an empty backlog", quiet, SETTLE_S)
