"""Follow a topic: what is sent to it from now on."""

from collections.abc import Iterator
from typing import Any

import pulsar

from errors import Unreachable
from schemas.topics import Topic
from settings import Pulsar
from topics.avro import Writers
from topics.client import connect


def follow(broker: Pulsar, topic: Topic, count: int | None = None) -> Iterator[dict[str, Any]]:
    """What is sent to the topic from now on, until `count` of them or Ctrl-C.

    Readers, not a subscription: they leave no backlog behind. Raises Unreachable without a broker.
    """
    client = connect(broker)
    writers = Writers(client, topic.record)
    try:
        readers = [_reader(client, f"{broker.topic(topic.path)}-partition-{n}") for n in range(topic.partitions)]
        given = 0
        while count is None or given < count:
            for message in filter(None, map(_next, readers)):
                if count is None or given < count:
                    yield writers.decode(message)
                    given += 1
    finally:
        client.close()


def _next(reader: pulsar.Reader) -> pulsar.Message | None:
    try:
        return reader.read_next(timeout_millis=50)
    except pulsar.Timeout:
        return None


def _reader(client: pulsar.Client, topic: str) -> pulsar.Reader:
    try:
        return client.create_reader(topic, pulsar.MessageId.latest)
    except pulsar.PulsarException as error:
        raise Unreachable(f"cannot read {topic}: {error}; is the stack up? hongbao up starts it") from None
