"""Shoppers who come while the bench looks: the simulated shop in a process of its own, and a subscriber in another."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import latency
from errors import CannotRun
from settings import Stack, read
from stack.child import lines, process

# A shop's usual traffic.
USUAL_PER_S = 250
# Not counted: the compiler meets the jobs' warm paths anew after a backlog, and a checkpoint is in it.
WARM_UP_S = 15
# From the last event to its coupon; the default rules wait half an hour for an abandoned basket, which is left out.
STRAGGLERS_S = 5.0


def latency_ms(users: int, seconds: float) -> dict[str, Any]:
    """How long coupons take at a shop's usual rate, from when they were due to their receipt: p50, p99, p999, max."""
    folder = read(Stack).folder
    receipts = folder / "receipts.jsonl"
    with process("demo.subscriber", str(receipts)):
        begun_ms = time.time() * 1000
        with visiting(folder / "ledger", users, USUAL_PER_S, WARM_UP_S + seconds) as visits:
            visits.finish()
        time.sleep(STRAGGLERS_S)
    counted = latency.receipts(receipts, begun_ms + WARM_UP_S * 1000)
    if not counted:
        raise CannotRun(f"bench: no coupon came in {seconds:.0f} s of {USUAL_PER_S} events/s")
    return latency.percentiles(latency.histogram(one["received_ms"] - one["due_ms"] for one in counted))


@contextmanager
def visiting(ledger: Path, users: int, events_per_s: int, seconds: float) -> Iterator["Visits"]:
    """Publish the simulated shop's events for so long, beside whoever watches; over with the block at the latest."""
    profile, shop = f"steady={events_per_s}x{seconds:.0f}s", json.dumps({"shoppers": users})
    with process("ingest.simulate", str(ledger), profile, "2", shop, wait=False) as simulator:
        visits = Visits(lines(simulator))
        visits.start()
        yield visits


class Visits(threading.Thread):
    """Reads what the publishing process tells, which would wait for a reader."""

    def __init__(self, told: Iterator[str]) -> None:
        super().__init__(name="visits", daemon=True)
        self._told = told
        self._last = "null"

    def run(self) -> None:
        for line in self._told:
            self._last = line

    def finish(self) -> None:
        """Return when everything is published; raises CannotRun unless the broker took all of it."""
        self.join()
        summary = json.loads(self._last)
        if summary is None or summary.get("failed", 1):
            raise CannotRun("bench: the broker did not take every event of the simulated shop; see above")
