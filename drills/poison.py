"""Flood the clicks with messages that are no events until the landing job stops, and let it go on afterwards."""

import itertools
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

from drills.anew import submit_anew
from drills.scene import Scene
from errors import CannotRun
from ingest import Delivery, Publisher
from ingest.event_id import EventIds
from jobs.submit import submit_and_check
from settings import Flink, Pulsar, read
from stack.flink_rest import FlinkRest

# Five times the shop's, so that half of a minute is poison after 15 s at the latest.
PER_S, AT_ONCE = 2_000, 500
STOPS_S = 90.0
REASON = "most_dead_share"


def flood(scene: Scene) -> None:
    with FlinkRest(read(Flink).rest_url) as rest:
        job_id = rest.running_id("landing")
        scene.harm()
        scene.note("dead-flood", _flood_until(lambda: rest.state(job_id) == "FAILED"))
        why = rest.failure(job_id) or "no reason is known"
    if REASON not in why:
        raise CannotRun(f"drill: landing must stop by {REASON}, but it stopped otherwise: {why}")
    # What of the flood is still to be read is known, and let through into quarantine.
    os.environ["HONGBAO_LANDING_MOST_DEAD_SHARE"] = "1"
    if scene.state:
        submit_and_check(["landing"], resume=True)
    else:
        submit_anew(["landing"])


def _flood_until(stopped: Callable[[], bool]) -> list[str]:
    """The ids of the messages that the broker took."""
    taken: list[Delivery] = []
    deadline_s = time.monotonic() + STOPS_S
    with Publisher(read(Pulsar), on_delivery=taken.append) as publisher:
        poison = messages(publisher.encode)
        while not stopped():
            if time.monotonic() > deadline_s:
                raise CannotRun(f"drill: landing still runs after {STOPS_S:.0f} s of poison; look at {REASON}")
            for payload, key in itertools.islice(poison, AT_ONCE):
                publisher.send(payload, key, None)
            time.sleep(AT_ONCE / PER_S)
    return [delivery.message_id for delivery in taken if delivery.message_id is not None]


def messages(encode: Callable[[dict[str, Any]], bytes]) -> Iterator[tuple[bytes, str]]:
    """Endless payloads and keys: by turns bytes that are no Avro, and an event that breaks a rule."""
    ids = EventIds()
    for number in itertools.count():
        key = f"poison-{number}"
        if number % 2 == 0:
            yield b"\xff\xfe no avro", key
        else:
            yield encode(nothing_added(key, ids.next())), key


def nothing_added(user_id: str, event_id: str) -> dict[str, Any]:
    """An event that breaks one rule: it adds no piece to the basket."""
    now_ms = time.time_ns() // 1_000_000
    return {
        "event_id": event_id,
        "event_type": "product_added",
        "user_id": user_id,
        "session_id": user_id,
        "product_id": "product-0000",
        "quantity": 0,
        "price_minor": 990,
        "currency": "CNY",
        "occurred_at": now_ms,
        "sent_at": now_ms,
    }
