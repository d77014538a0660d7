"""Follow a topic: decode each message by the schema its writer registered."""

import io
from collections.abc import Iterator
from typing import Any

import fastavro
import pulsar

import schemas
from errors import Unreachable
from schemas import registry
from schemas.topics import COUPONS, Topic
from settings import Pulsar
from settings.listening import refuses

Record = dict[str, Any]


class Decoder:
    """Reads a topic's messages, of any registered version, as the version this checkout knows."""

    def __init__(self, broker: Pulsar, topic: Topic = COUPONS) -> None:
        self._broker = broker
        self._topic = topic
        self._wanted = schemas.load(topic.record).parsed
        self._writers: list[Any] = []

    def decode(self, message: pulsar.Message) -> Record:
        """The record, a coupon's by coupon_trigger.avsc; raises Unreachable when its schema cannot be asked for."""
        # Message.schema_version() gives the eight bytes as text, which fails from version 128 on (3.13.0).
        version = message._message.int_schema_version()
        if version >= len(self._writers):
            found = registry.versions(self._broker, self._topic)
            self._writers = [fastavro.parse_schema(definition) for definition in found]
        record = fastavro.schemaless_reader(io.BytesIO(message.data()), self._writers[version], self._wanted)
        assert isinstance(record, dict)  # the contract is a record
        return record


def connect(broker: Pulsar) -> pulsar.Client:
    """A client that gives up after 10 s and writes nothing but errors, on stderr: a ConsoleLogger writes on stdout.

    Raises Unreachable at once where nobody listens.
    """
    if refuses(broker.service_url):
        raise Unreachable(f"{broker.service_url}: nobody listens there; is the stack up? hongbao up starts it")
    return pulsar.Client(
        broker.service_url,
        operation_timeout_seconds=10,
        logger=pulsar.FileLogger(pulsar.LoggerLevel.Error, "/dev/stderr"),
    )


def follow(broker: Pulsar, topic: Topic = COUPONS, count: int | None = None) -> Iterator[Record]:
    """What is sent to the topic from now on, until `count` of them or Ctrl-C.

    Readers, not a subscription: they leave no backlog behind. Raises Unreachable without a broker.
    """
    decoder = Decoder(broker, topic)
    client = connect(broker)
    try:
        readers = [_reader(client, f"{broker.topic(topic.path)}-partition-{n}") for n in range(topic.partitions)]
        given = 0
        while count is None or given < count:
            for message in filter(None, map(_next, readers)):
                if count is None or given < count:
                    yield decoder.decode(message)
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
