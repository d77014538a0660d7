"""Measure the events/s of one publishing process, each way there is: python -m bench.publisher [ROUNDS].

It starts a broker of its own. Every way has its turn in every round, so that what else the machine does meets all
alike; compare inside one run only. A run whose events are not all on the topic ends with an error.
Prints a table to stderr, and one JSON object: events/s with min, median and max, and the medians' ratios to `send`.
"""

import itertools
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from errors import CannotRun
from ingest import Publisher, Spool, shop
from schemas.topics import CLICK_TOPICS
from settings import Pulsar, read
from settings.reader import ROOT
from stack.private import private
from stack.pulsar_admin import PulsarAdmin

EVENTS = 60_000
# Each event waits for the disk.
SYNCED_EVENTS = 3_000
ROUNDS = 5
# For those who encode ahead.
FILLED = {"event_id": "0197a0c0-0000-7000-8000-000000000000", "sent_at": 1_800_000_000_000}

Event = dict[str, Any]


@dataclass
class Way:
    """A way to publish: `run` gives the events/s until the broker had answered for all, and until all were accepted."""

    events: int
    spool: Callable[[Path], Spool | None]
    send: bool = False
    through: list[float] = field(default_factory=list)
    accepted: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)

    def run(self, broker: Pulsar, events: list[Event], folder: Path) -> None:
        chosen = events[: self.events]
        before = arrived(broker)
        with Publisher(broker, spool=self.spool(folder)) as publisher:
            encoded = [
                (
                    publisher.encode({**event, **FILLED}),
                    event["user_id"] or event["anonymous_id"],
                    event["membership_tier"],
                )
                for event in (chosen if self.send else ())
            ]
            started_s, cpu_s = time.perf_counter(), time.process_time()
            if self.send:
                for payload, key, tier in encoded:
                    publisher.send(payload, key, None, tier=tier)
            else:
                for event in chosen:
                    publisher.publish(event)
            accepted_s = time.perf_counter() - started_s
            publisher.flush()
            through_s, cpu_s = time.perf_counter() - started_s, time.process_time() - cpu_s
        if (found := arrived(broker) - before) != self.events:
            raise CannotRun(f"bench: {found:,} of {self.events:,} events arrived")
        self.through.append(self.events / through_s)
        self.accepted.append(self.events / accepted_s)
        self.cpu_us.append(cpu_s / self.events * 1e6)


def ways() -> dict[str, Way]:
    return {
        "send": Way(EVENTS, lambda _: None, send=True),
        "publish": Way(EVENTS, lambda _: None),
        "publish, spool": Way(EVENTS, lambda folder: Spool(folder, sync=False)),
        "publish, spool, fsync": Way(SYNCED_EVENTS, lambda folder: Spool(folder)),
    }


def shop_events(count: int) -> list[Event]:
    """Visits of the simulated shop with all nineteen fields, but for the two that the publisher fills in."""
    now = datetime.now(UTC)
    steps = itertools.chain.from_iterable(shop.visits(shop.Shop(), seed=1))
    return [
        {
            "order_id": None,
            "product_id": None,
            "category": None,
            "quantity": None,
            "price_minor": None,
            "store_id": None,
            "coupon_id": None,
            "properties": {},
            **step,
            "occurred_at": now,
        }
        for step in itertools.islice(steps, count)
    ]


def arrived(broker: Pulsar) -> int:
    with PulsarAdmin(broker.admin_url) as admin:
        return sum(int(admin.stats(broker.topic(topic.path))["msgInCounter"]) for topic in CLICK_TOPICS)


def spread(figures: list[float], digits: int = 0) -> dict[str, float]:
    return {name: round(of(figures), digits) for name, of in (("min", min), ("median", median), ("max", max))}


def main(rounds: int = ROUNDS) -> None:
    measured, events = ways(), shop_events(EVENTS)
    load_before = os.getloadavg()[0]
    with private(ROOT / "var" / "bench", flink=False), tempfile.TemporaryDirectory(dir=ROOT / "var") as folder:
        broker = read(Pulsar)
        # The first round warms the broker's JVM.
        for turn, (name, way) in itertools.product(range(rounds + 1), measured.items()):
            way.run(broker, events, Path(folder) / f"{turn} {name}")
            print(f"{turn} {name:24} {way.through[-1]:10,.0f}/s {way.cpu_us[-1]:6.1f} µs", file=sys.stderr)
    raw = median(measured["send"].through[1:])
    figures = {
        name: {
            "events": way.events,
            "events_per_s": spread(way.through[1:]),
            "accepted_per_s": spread(way.accepted[1:]),
            "cpu_us_per_event": spread(way.cpu_us[1:], 1),
            "ratio_to_send": round(median(way.through[1:]) / raw, 3),
        }
        for name, way in measured.items()
    }
    load = {"before": round(load_before, 1), "after": round(os.getloadavg()[0], 1), "cores": os.cpu_count()}
    print(json.dumps({"rounds": rounds, "load": load, "publisher": figures}))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
