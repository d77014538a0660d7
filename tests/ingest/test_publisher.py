"""An event is delivered, refused or handed back: never lost without a word."""

from datetime import UTC, datetime
from typing import Any

import pulsar
import pytest

from errors import Refused, Unreachable
from ingest import Delivery, Publisher
from schemas.topics import CLICK_TOPICS
from settings import Pulsar
from topics.avro import Writers
from topics.client import connect


@pytest.fixture(scope="module")
def broker(shared_topics: Pulsar) -> Pulsar:
    return shared_topics


def click(user: str, **fields: Any) -> dict[str, Any]:
    return {
        "event_type": "product_viewed",
        "user_id": user,
        "session_id": "s",
        "product_id": "p",
        "price_minor": 1,
        "occurred_at": datetime.now(UTC),
        **fields,
    }


def test_broker_that_is_not_there_is_one_sentence() -> None:
    nowhere = Pulsar(service_url="pulsar://127.0.0.1:1")
    with pytest.raises(Unreachable, match=r"pulsar://127\.0\.0\.1:1: cannot publish to .*; is the broker up"):
        Publisher(nowhere)


@pytest.mark.stack
@pytest.mark.parametrize("compression", ["none", "lz4", "zstd"])
def test_closing_delivers_everything(broker: Pulsar, compression: str) -> None:
    delivered: list[Delivery] = []
    with Publisher(broker, compression=compression, on_delivery=delivered.append) as clicks:
        ids = [clicks.publish(click(f"u{number}")) for number in range(500)]
    assert sorted(delivery.event["event_id"] for delivery in delivered) == sorted(ids)
    assert len({delivery.message_id for delivery in delivered}) == 500


@pytest.mark.stack
def test_one_shopper_keeps_to_one_partition(broker: Pulsar) -> None:
    delivered: list[Delivery] = []
    with Publisher(broker, on_delivery=delivered.append) as clicks:
        for _ in range(50):
            clicks.publish(click("loyal"))
    assert len({str(delivery.message_id).split(":")[2] for delivery in delivered}) == 1


@pytest.mark.stack
def test_clicks_travel_in_the_topic_of_their_tier(broker: Pulsar) -> None:
    client = connect(broker)
    try:
        consumers = [client.subscribe(broker.topic(topic.path), "count-tiers") for topic in CLICK_TOPICS]
        with Publisher(broker) as clicks:
            for tier in ("none", "silver", "gold", "vip"):
                clicks.publish(click("of a tier", membership_tier=tier))
        tiers = [
            {writers.decode(consumer.receive(10_000))["membership_tier"] for _ in range(count)}
            for consumer, writers, count in zip(consumers, (Writers(client), Writers(client)), (3, 1), strict=True)
        ]
        assert tiers == [{"none", "silver", "gold"}, {"vip"}]
        for consumer in consumers:
            consumer.unsubscribe()
    finally:
        client.close()


@pytest.mark.stack
def test_six_megabytes_are_refused(broker: Pulsar) -> None:
    with Publisher(broker) as clicks, pytest.raises(Refused, match=r"the event has 6,\d+,\d+ bytes; the broker takes"):
        clicks.publish(click("large", properties={"photo": "x" * 6_000_000}))


@pytest.mark.stack
def test_event_that_breaks_its_contract_is_refused(broker: Pulsar) -> None:
    with Publisher(broker) as clicks, pytest.raises(Refused, match="quantity is 0; the least is 1"):
        clicks.publish(click("wrong", quantity=0))


@pytest.mark.stack
def test_what_is_published_again_under_one_name_is_dropped_by_the_broker(broker: Pulsar) -> None:
    def publish(upto: int) -> None:
        with Publisher(broker, name="till-7") as clicks:
            for number in range(upto):
                clicks.publish(click("till", store_id=str(number)), sequence_id=number)

    client = connect(broker)
    try:
        consumer = client.subscribe(broker.topic("events/clicks"), "count-the-till")
        publish(20)
        publish(30)
        received = 0
        while received < 30:
            consumer.acknowledge(consumer.receive(timeout_millis=10_000))
            received += 1
        with pytest.raises(pulsar.Timeout):
            consumer.receive(timeout_millis=1_000)
        consumer.unsubscribe()
    finally:
        client.close()
