"""Run the whole path on this machine: start it, simulate a sale, check every figure, stop it."""

import json
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

from demo import figures
from demo.figures import Figures
from demo.screen import Screen
from errors import CannotRun
from ingest import profile
from jobs.submit import submit_and_check
from ledger import Asked, account
from settings import Flink, Warehouse, read
from settings.reader import ROOT
from stack.child import lines, process
from stack.flink_rest import FlinkRest
from stack.private import private
from stack.processes import wait_until
from warehouse import differences, freshness

PROFILE = "steady=100x20s,burst=10000x20s,calm=100x20s"
SHORTENED = {
    # A visitor of a demo does not wait half an hour to be told of a basket left behind, nor five minutes for a visit.
    "HONGBAO_COUPONS_ABANDONED_AFTER": "8 s",
    "HONGBAO_CONVERSION_SESSION_GAP": "20 s",
    # Two cores, and a burst half a minute after the start. A batch is a partition's: with four they are twice as full,
    # which takes a third of a core from the broker and the sources.
    "HONGBAO_STACK_QUICK_START": "true",
    "HONGBAO_PULSAR_CLICK_PARTITIONS": "4",
    # A flush every 5 ms wakes each of a job's tasks for a few events: p99 1,053 -> 793 ms, one run each.
    "HONGBAO_COUPONS_BUFFER_TIMEOUT": "15 ms",
}
SESSION_GAP = timedelta(seconds=20)
CURRENCY = "CNY"
# After the last event: a checkpoint lands it, a quiet stream closes its windows, the next checkpoint lands those.
SETTLE_S = 120.0


def run(started: float, chosen_profile: str = PROFILE, seed: int = 1) -> Figures:
    """The demo, from nothing to figures; `started` is when its command was given, in seconds since 1970.

    Everything lies in var/demo and listens on free ports, so a stack that is up is left alone. Whatever it started
    it stops, also after Ctrl-C. The figures are written to var/demo.json.
    """
    folder = ROOT / "var" / "demo"
    with ExitStack() as running:
        screen = running.enter_context(Screen(profile.parse(chosen_profile)))
        running.callback(screen.say, "stopped")
        running.enter_context(private(folder, SHORTENED, screen.say))
        receipts = folder / "receipts.jsonl"
        running.enter_context(process("demo.subscriber", str(receipts)))
        # Coupons first: the first coupon is what a visitor waits for.
        submit_and_check(("coupons", "landing", "conversion"), screen.say)
        ledger = folder / "ledger"
        screen.say("the sale is on")
        summary = simulate(ledger, chosen_profile, seed, lambda told: screen.show(told, receipts))
        screen.say("waiting for the last windows to close")
        figure = _figures(ledger, receipts, summary, started)
        _land_coupons(receipts)
    (ROOT / "var" / "demo.json").write_text(json.dumps(figure.summary(), indent=2) + "\n", encoding="utf-8")
    return figure


def simulate(
    ledger: Path,
    chosen_profile: str,
    seed: int,
    show: Callable[[Mapping[str, Any]], None],
    shop: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The sale in a process of its own; its summary. `shop` are fields of Shop, `show` gets what it tells meanwhile."""
    last: dict[str, Any] = {}
    arguments = (str(ledger), chosen_profile, str(seed), json.dumps(shop or {}))
    with process("ingest.simulate", *arguments, wait=False) as simulator:
        for line in lines(simulator):
            last = json.loads(line)
            if "sent" in last:
                show(last)
    if "published" not in last:
        raise CannotRun("demo: the simulator ended early; see above")
    return last


def _land_coupons(receipts: Path) -> None:
    """Wait for the checkpoint that lands the last coupon received: whoever asks the warehouse afterwards finds all."""
    lines = receipts.read_text(encoding="utf-8").splitlines()
    if not lines:
        return
    last_ms = json.loads(lines[-1])["received_ms"]
    with FlinkRest(read(Flink).rest_url) as rest:
        coupons = rest.running_id("coupons")
        wait_until("the last coupons' checkpoint", lambda: rest.saved_since(coupons, last_ms), SETTLE_S)


def _figures(ledger: Path, receipts: Path, summary: dict[str, Any], started: float) -> Figures:
    folder = read(Warehouse).folder
    deadline = time.monotonic() + SETTLE_S
    while True:
        accounted = account(Asked((ledger,), settled=True), folder)
        conversions = len(differences.conversion(CURRENCY, folder)) if accounted.whole else -1
        sessions = len(differences.sessions(CURRENCY, SESSION_GAP, folder)) if conversions == 0 else -1
        if sessions == 0 or time.monotonic() > deadline:
            break
        time.sleep(2)
    fresh = freshness.measure(folder)
    latency, coupons, repeats = figures.latency(receipts)
    first = figures.first_receipt_s(receipts)
    rates = summary["rates"]
    return Figures(
        **{name: accounted.events[name] for name in figures.ACCOUNTED},
        coupons=coupons,
        duplicate_coupons=repeats,
        coupon_latency_ms=latency,
        landing_freshness_s={"p50": fresh.p50_s or 0.0, "p99": fresh.p99_s or 0.0, "max": fresh.max_s or 0.0},
        seconds_to_first_coupon=round(first - started, 1) if first else 0.0,
        events_per_second={
            "steady": round(rates.get("steady", 0.0), 1),
            "burst": round(rates.get("burst", 0.0), 1),
        },
        conversion_differences=max(conversions, 0) if accounted.whole else 1,
        session_differences=max(sessions, 0) if conversions == 0 else 1,
    )
