"""Mend dead letters of long ago and publish them again, twice at once, while the load goes on."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import warehouse
from drills.scene import Scene
from errors import CannotRun
from ingest import Delivery, Publisher
from ingest.event_id import EventIds
from ingest.redrive import Redriven, redrive
from settings import Pulsar, read
from stack.processes import wait_until

DEAD = 300
DIES_S = 60.0
# Longer ago than [coupons] longest_past, so that no coupon is due; not as long as [conversion] allowed_lateness.
AGO_MS = 12 * 60_000
WHERE = "key LIKE 'redriven-%'"


def redrive_twice(scene: Scene) -> None:
    """Both before anything of the other has landed, so that only the jobs know what has been seen."""
    events = _publish_broken(scene)
    wait_until("the dead letters", lambda: len(_dead()) == len(events), DIES_S)
    scene.harm()

    def once(number: int) -> Redriven:
        return redrive(WHERE, read(Pulsar), scene.folder / f"redriven-{number}.jsonl", values={"currency": "CNY"})

    with ThreadPoolExecutor(2) as operators:
        done = list(operators.map(once, (1, 2)))
    if any(redriven.published != len(events) for redriven in done):
        raise CannotRun(f"drill: both redrives must publish all {len(events)} dead letters, but they did {done}")
    scene.note("accepted-redriven", events)


def _publish_broken(scene: Scene) -> list[str]:
    """Note the messages; the ids of their events."""
    ids = EventIds()
    events = [scan(f"redriven-{number}", ids.next()) for number in range(DEAD)]
    taken: list[Delivery] = []
    with Publisher(read(Pulsar), on_delivery=taken.append) as publisher:
        for event in events:
            publisher.send(publisher.encode(event), event["user_id"], event, tier=event.get("membership_tier"))
    scene.note("dead-redriven", [str(delivery.message_id) for delivery in taken])
    return [event["event_id"] for event in events]


def scan(user_id: str, event_id: str) -> dict[str, Any]:
    """A scan in a shop, which earns a coupon when it is fresh; its currency is none until it is mended."""
    now_ms = time.time_ns() // 1_000_000
    return {
        "event_id": event_id,
        "event_type": "qr_scanned",
        "user_id": user_id,
        "session_id": user_id,
        "store_id": "store-000",
        "currency": "yuan",
        "occurred_at": now_ms - AGO_MS,
        "sent_at": now_ms,
    }


def _dead() -> list[dict[str, Any]]:
    return warehouse.query(f"SELECT message_id FROM dead_letters WHERE {WHERE}")
