"""Shoppers who come while the bench looks: the simulated shop in a process of its own, and a subscriber in another."""

import json
import time
from pathlib import Path
from typing import Any

from bench import latency
from bench.live import USUAL_PER_S, WARM_UP_S
from demo.sale import process
from errors import CannotRun
from settings import Stack, read

# From the last event to its coupon; the default rules wait half an hour for an abandoned basket, which is left out.
STRAGGLERS_S = 5.0


def latency_ms(users: int, seconds: float) -> dict[str, Any]:
    """How long coupons take at a shop's usual rate, from when they were due to their receipt: p50, p99, p999, max."""
    folder = read(Stack).folder
    receipts = folder / "receipts.jsonl"
    with process("demo.subscriber", str(receipts), ready="ready"):
        begun_ms = time.time() * 1000
        visit(folder / "ledger", users, USUAL_PER_S, WARM_UP_S + seconds)
        time.sleep(STRAGGLERS_S)
    counted = latency.receipts(receipts, begun_ms + WARM_UP_S * 1000)
    if not counted:
        raise CannotRun(f"bench: no coupon came in {seconds:.0f} s of {USUAL_PER_S} events/s")
    return latency.percentiles(latency.histogram(one["received_ms"] - one["due_ms"] for one in counted))


def visit(ledger: Path, users: int, events_per_s: int, seconds: float) -> None:
    """Publish the simulated shop's events for so long; raises CannotRun unless the broker took all of them."""
    profile, shop = f"steady={events_per_s}x{seconds:.0f}s", json.dumps({"shoppers": users})
    with process("ingest.simulate", str(ledger), profile, "2", shop) as told:
        summary = json.loads(list(told)[-1])
    if summary.get("failed", 1):
        raise CannotRun(f"bench: the broker did not take {summary['failed']:,} events")
