"""Publish events at a rate, open loop: python -m bench.load RATE SECONDS SEED [TIER].

With a TIER, `vip` or another, all are of shoppers of that tier, whom no publisher of another tier has.

An event is due at its place in the schedule whatever became of the one before, and its `occurred_at` is that moment:
a publisher that falls behind, or waits for the broker, makes its events old instead of rare (no coordinated omission).
Everything is encoded first; then it prints `ready`, waits for a line on its input, publishes, and prints one JSON
object: events, behind_ms (the most that the sender itself was late).
"""

import gc
import json
import sys
import time

from bench.backlog import Made, made, record
from ingest import Publisher
from ingest.simulator import Message, patched
from settings import Pulsar, read

# The publisher's own share of the latency; below a millisecond of waiting its batches are of one event each.
BATCH_DELAY_MS = 5


def encoded(publisher: Publisher, one: Made, tier: str | None) -> Message:
    """The event with room for its times."""
    event = record(one)
    if tier is not None:
        event |= {"membership_tier": tier, "user_id": f"{tier}-{one.key}"}
    return Message(
        "normal",
        event["user_id"] or one.key,
        publisher.encode(event),
        len(event["source"]) + 2,
        0,
        one.event_id,
        event["event_type"],
        "",
        event["membership_tier"],
    )


def publish(
    broker: Pulsar, events_per_s: float, duration_s: float, seed: int, tier: str | None = None
) -> dict[str, float]:
    """Send the whole schedule; returns when the broker has all of it."""
    with Publisher(broker, batch_delay_ms=BATCH_DELAY_MS) as publisher:
        # The ids' time is of no consequence, the events' own is set when they are sent.
        messages = [
            encoded(publisher, one, tier)
            for one in made(round(events_per_s * duration_s), time.time_ns() // 1_000_000, seed)
            if not one.repeated
        ]
        # A collection that looks at a million waiting messages would be the latency that is measured.
        gc.collect()
        gc.freeze()
        print("ready", flush=True)
        sys.stdin.readline()
        behind_s, begun_s = 0.0, time.time()
        for number, message in enumerate(messages):
            due_s = begun_s + number / events_per_s
            late_s = time.time() - due_s
            if late_s < 0:
                time.sleep(-late_s)
            behind_s = max(behind_s, late_s)
            publisher.send(patched(message, round(due_s * 1000)), message.key, None, tier=message.tier)
        publisher.flush()
        # Else the libraries complain at the end of what was never collected.
        gc.unfreeze()
    return {"events": len(messages), "begun_ms": round(begun_s * 1000), "behind_ms": round(behind_s * 1000, 1)}


if __name__ == "__main__":
    print(json.dumps(publish(read(Pulsar), float(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:])))
