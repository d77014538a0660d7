"""Publish a shop's events from a process whose clock is wrong: python -m drills.skewed_shop FOLDER RATE SKEW_S.

Event ids, event times and the publisher's own check of the contract go by that clock. Once the broker has an event,
FOLDER/behind-PID.txt gets its id where the clock is behind, FOLDER/dead-PID.txt its message's where it is ahead.

Runs until SIGTERM.
"""

import os
import sys
import time
from pathlib import Path

from drills.shop import BATCH_DELAY_MS, steps, stoppable
from ingest import Delivery, Publisher
from ingest.shop import Step
from settings import Pulsar, read


def publish(folder: Path, events_per_s: float, skew_s: int) -> None:
    turn_clock(skew_s)
    stopped = stoppable()
    name = "dead" if skew_s > 0 else "behind"
    with (folder / f"{name}-{os.getpid()}.txt").open("w", encoding="ascii", buffering=1) as promised:

        def note(delivery: Delivery) -> None:
            if delivery.failure is None:
                line = delivery.message_id if skew_s > 0 else delivery.event["event_id"]
                promised.write(f"{line}\n")

        with Publisher(read(Pulsar), batch_delay_ms=BATCH_DELAY_MS, on_delivery=note) as publisher:
            print("ready", flush=True)
            for step in steps(events_per_s, stopped):
                publisher.publish({**of_its_own(step, name), "occurred_at": time.time_ns() // 1_000_000})


def turn_clock(skew_s: int) -> None:
    """Let this process tell the time wrong by so much."""
    right = time.time_ns
    time.time_ns = lambda: right() + skew_s * 1_000_000_000


def of_its_own(step: Step, name: str) -> Step:
    """The step by a shopper whom no other publisher has: whatever it does is nobody else's pattern."""
    return step | {key: f"{name}-{step[key]}" for key in ("user_id", "anonymous_id") if step[key] is not None}


if __name__ == "__main__":
    publish(Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
