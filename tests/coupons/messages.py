"""Publish orders, claims and coupons, and run a subscriber for as long as a block."""

import threading
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pulsar

from coupons import Subscriber
from ingest import Publisher
from schemas.topics import CLICKS, COUPONS, UNDELIVERED, Topic
from settings import Pulsar
from stack.pulsar_admin import PulsarAdmin
from stack.topics import REVIEW
from topics.avro import Writers
from topics.client import connect


def click(kind: str, shopper: str, **fields: Any) -> dict[str, Any]:
    """An event that holds its contract, now, with an id of its own."""
    return {
        "event_id": str(uuid.uuid4()),
        "event_type": kind,
        "user_id": shopper,
        "session_id": f"visit-of-{shopper}",
        "occurred_at": datetime.now(UTC),
        **fields,
    }


def order(shopper: str, order_id: str, **fields: Any) -> dict[str, Any]:
    """One line of an order: two pieces at 150 minor units."""
    line = {"product_id": "tea", "quantity": 2, "price_minor": 150, "currency": "CNY"}
    return click("order_completed", shopper, order_id=order_id, **{**line, **fields})


def claim(shopper: str, **fields: Any) -> dict[str, Any]:
    return click("red_envelope_claimed", shopper, store_id="store-1", **fields)


def coupon(shopper: str, lane: str = "normal") -> dict[str, Any]:
    now = datetime.now(UTC)
    times = ("occurred_at", "published_at", "due_at", "read_at", "decided_at", "sent_at", "expires_at")
    return {
        "coupon_id": str(uuid.uuid4()),
        "shopper_id": shopper,
        "campaign_id": "new-year",
        "rule": "hesitation",
        "cause_event_id": str(uuid.uuid4()),
        "offer": "product_percent_off",
        "discount_percent": 5,
        "discount_minor": 0,
        "currency": "CNY",
        "membership_tier": "vip" if lane == "vip" else "none",
        "basket_minor": 0,
        "lane": lane,
        **dict.fromkeys(times, now),
    }


def publish(
    broker: Pulsar, events: Iterable[Mapping[str, Any]], topic: Topic = CLICKS, batch_delay_ms: int = 10
) -> None:
    with Publisher(broker, topic=topic.path, record=topic.record, batch_delay_ms=batch_delay_ms) as publisher:
        for event in events:
            if topic.record == COUPONS.record:
                publisher.send(publisher.encode(event), event["shopper_id"], event)
            else:
                publisher.publish(event)


def publish_bytes(broker: Pulsar, payload: bytes, key: str) -> None:
    with Publisher(broker) as publisher:
        publisher.send(payload, key, None)


@contextmanager
def running(subscriber: Subscriber) -> Iterator[Subscriber]:
    """Run it in a thread; stop it with the block, and raise what it raised."""
    raised: list[BaseException] = []
    ready = threading.Event()

    def run() -> None:
        try:
            subscriber.run(ready=ready.set)
        except BaseException as error:
            raised.append(error)
        finally:
            ready.set()

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(30)
    try:
        yield subscriber
    finally:
        subscriber.stop()
        thread.join(30)
        assert not thread.is_alive()
    if raised:
        raise raised[0]


def backlog(broker: Pulsar, topic: Topic, subscription: str) -> int:
    """Messages of a topic that the subscription has not acknowledged, by the broker's own count."""
    with PulsarAdmin(broker.admin_url) as admin:
        return admin.backlog(broker.topic(topic.path), subscription)


def undelivered(broker: Pulsar, count: int) -> list[dict[str, Any]]:
    """The records that the review subscription holds; they stay there."""
    client = connect(broker)
    try:
        consumer = client.subscribe(broker.topic(UNDELIVERED.path), REVIEW, consumer_type=pulsar.ConsumerType.Shared)
        writers = Writers(client, UNDELIVERED.record)
        return [writers.decode(consumer.receive(timeout_millis=20_000)) for _ in range(count)]
    finally:
        client.close()
