"""Publish events on a profile, open loop: python -m bench.load PROFILE SEED [BATCH_DELAY_MS COMPRESSION [TIER]].

With a TIER, `vip` or another, all are of shoppers of that tier, whom no publisher of another tier has.

An event is due at its place in the schedule whatever became of the one before, and its `occurred_at` is that moment:
a publisher that falls behind, or waits for the broker, makes its events old instead of rare (no coordinated omission).
PROFILE is that of `hongbao simulate`, such as `normal=250x30s,ramp=250-25000x20s`.
Everything is encoded first; then it prints `ready`, waits for a line on its input, publishes, and prints one JSON
object: events, begun_ms, behind_ms (the most that the sender itself was late), behind_ms_by_s (the same of each second
of the schedule).
"""

import gc
import json
import sys
import time
from array import array
from collections.abc import Sequence
from itertools import islice
from typing import Any

from bench.backlog import REPEATED_SHARE, Made, made, record
from ingest import Publisher, profile
from ingest.messages import Message, patched
from settings import Pulsar, read

# The publisher's own share of the latency; below a millisecond of waiting its batches are of one event each.
BATCH_DELAY_MS = 5
COMPRESSION = "lz4"


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
        tier=event["membership_tier"],
    )


def publish(
    broker: Pulsar,
    phases: Sequence[profile.Phase],
    seed: int,
    batch_delay_ms: int = BATCH_DELAY_MS,
    compression: str = COMPRESSION,
    tier: str | None = None,
) -> dict[str, Any]:
    """Send the whole schedule; returns when the broker has all of it."""
    with Publisher(broker, batch_delay_ms=batch_delay_ms, compression=compression) as publisher:
        due = array("d", (due_s for _, due_s, _ in profile.schedule(list(phases))))
        # Twice as many more as are left out as repeats. The ids' time is of no consequence, the events' own is set when
        # they are sent.
        backlog = made(round(len(due) * (1 + 2 * REPEATED_SHARE)) + 100, time.time_ns() // 1_000_000, seed)
        once = (one for one in backlog if not one.repeated)
        messages = [encoded(publisher, one, tier) for one in islice(once, len(due))]
        # A collection that looks at a million waiting messages would be the latency that is measured.
        gc.collect()
        gc.freeze()
        print("ready", flush=True)
        sys.stdin.readline()
        begun_s = time.time()
        behind_s = _send(publisher, due, messages, begun_s)
        publisher.flush()
        # Else the libraries complain at the end of what was never collected.
        gc.unfreeze()
    behind_ms = [round(late_s * 1000, 1) for late_s in behind_s]
    return {
        "events": len(messages),
        "begun_ms": round(begun_s * 1000),
        "behind_ms": max(behind_ms, default=0.0),
        "behind_ms_by_s": behind_ms,
    }


def _send(publisher: Publisher, due: Sequence[float], messages: Sequence[Message], begun_s: float) -> list[float]:
    """Send each message when it is due; the most seconds late by the second of the schedule."""
    behind_s = [0.0] * (int(due[-1]) + 1 if due else 0)
    for offset_s, message in zip(due, messages, strict=True):
        due_s = begun_s + offset_s
        late_s = time.time() - due_s
        if late_s < 0:
            time.sleep(-late_s)
        elif late_s > behind_s[int(offset_s)]:
            behind_s[int(offset_s)] = late_s
        publisher.send(patched(message, round(due_s * 1000)), message.key, None, tier=message.tier)
    return behind_s


def main(
    chosen_profile: str,
    seed: str,
    batch_delay_ms: str = str(BATCH_DELAY_MS),
    compression: str = COMPRESSION,
    tier: str | None = None,
) -> None:
    phases = profile.parse(chosen_profile)
    print(json.dumps(publish(read(Pulsar), phases, int(seed), int(batch_delay_ms), compression, tier)))


if __name__ == "__main__":
    main(*sys.argv[1:])
