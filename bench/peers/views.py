"""The peers' common half: their consumer, their decoder and their publisher, each as fast as Python has them."""

import io
import json
from collections.abc import Callable, Iterable
from typing import Any

import fastavro
import pulsar

import schemas
from schemas.topics import CLICKS
from settings import Pulsar

# Of a partition, before the client waits for more: as much as it takes to keep the reader busy.
QUEUE = 10_000
AT_ONCE = 2_000
WAIT_MS = 10
# What a peer publishes at the third view; the coupons' own topic takes nothing but coupons.
THIRDS = "results/bench-thirds"
NEEDED = ("event_type", "user_id", "anonymous_id", "product_id")

View = tuple[str, str]


def partitions(broker: Pulsar, client: pulsar.Client) -> list[str]:
    """The clicks' topic, partition by partition."""
    return list(client.get_topic_partitions(broker.topic(CLICKS.path)))


def subscribe(client: pulsar.Client, partition: str, name: str) -> pulsar.Consumer:
    """From the earliest message on, in batches."""
    return client.subscribe(
        partition,
        name,
        initial_position=pulsar.InitialPosition.Earliest,
        receiver_queue_size=QUEUE,
        batch_receive_policy=pulsar.ConsumerBatchReceivePolicy(AT_ONCE, -1, WAIT_MS),
    )


def decoder() -> Callable[[bytes], View | None]:
    """Gives the shopper and product of a view, None of anything else.

    Only the four fields that it takes are made: fastavro passes over the others, which is a third faster.
    """
    contract = schemas.load(CLICKS.record)
    writer = contract.parsed
    fields = [field for field in contract.fields if field["name"] in NEEDED]
    reader = fastavro.parse_schema({"type": "record", "name": "dev.hongbao.ClickEvent", "fields": fields})
    read, buffer = fastavro.schemaless_reader, io.BytesIO

    def decode(payload: bytes) -> View | None:
        event: Any = read(buffer(payload), writer, reader)
        if event["event_type"] != "product_viewed":
            return None
        return event["user_id"] or event["anonymous_id"], event["product_id"]

    return decode


class Thirds:
    """Where a peer publishes, without waiting for each answer."""

    def __init__(self, broker: Pulsar, client: pulsar.Client) -> None:
        self._producer = client.create_producer(
            broker.topic(THIRDS), block_if_queue_full=True, batching_enabled=True, batching_max_publish_delay_ms=10
        )
        self.count = 0

    def publish(self, views: Iterable[View]) -> None:
        for shopper, product in views:
            self._producer.send_async(json.dumps([shopper, product]).encode(), None, partition_key=shopper)
            self.count += 1

    def close(self) -> None:
        self._producer.flush()
        self._producer.close()
