"""Publish versions on a topic of one partition, one operator at a time, and read what is there."""

import time
from types import TracebackType
from typing import Any, Self

import pulsar

import schemas
from errors import CannotRun, HongbaoError, SchemaConflict, Unreachable
from schemas.encoder import encoder
from schemas.topics import Topic
from settings import Pulsar
from topics.avro import EncodedAvro, Writers
from topics.client import connect

# A topic of versions is read in well under a second; a broker that needs longer is not there.
READ_S = 30.0
# How long one operator waits for another to be done.
TURN_S = 20.0
RETRY_S = 0.2


class Versions:
    """A topic's versions, connected for as long as the block runs; `noun` is one of them, for sentences."""

    def __init__(self, broker: Pulsar, topic: Topic, noun: str) -> None:
        self._broker = broker
        self._topic = topic
        self._noun = noun
        # The one partition: an exclusive producer of the partitioned name would be one of each partition all the same.
        self._partition = f"{broker.topic(topic.path)}-partition-0"
        self._contract = schemas.load(topic.record)
        self._encode = encoder(self._contract)
        self._client = connect(broker)
        self._producer: pulsar.Producer | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._client.close()

    def read(self) -> tuple[list[dict[str, Any]], list[str]]:
        """At least the newest record of each key, in the topic's order, and a sentence for each message that is none.

        Raises Unreachable without a broker.
        """
        records, problems = [], []
        writers = Writers(self._client, self._topic.record)
        deadline_s = time.monotonic() + READ_S
        try:
            reader = self._client.create_reader(self._partition, pulsar.MessageId.earliest, is_read_compacted=True)
            while reader.has_message_available():
                message = reader.read_next(timeout_millis=max(1, int(1000 * (deadline_s - time.monotonic()))))
                try:
                    records.append(writers.decode(message))
                except HongbaoError:
                    raise
                except Exception as error:  # fastavro throws a dozen kinds at garbage
                    what = f"{type(error).__name__} {error}" if str(error) else type(error).__name__
                    where = f"{self._topic.path}: message {message.message_id()}"
                    problems.append(f"{where} is no {self._noun} in Avro: {what}")
            reader.close()
        except pulsar.PulsarException as error:
            raise Unreachable(
                f"cannot read {self._partition}: {error}; is the stack up? hongbao up starts it, and makes its topics"
            ) from None
        return records, problems

    def take_turn(self) -> None:
        """Become the topic's only producer: what an operator before us published can be read from now on.

        Raises CannotRun when another does not get done.
        """
        deadline_s = time.monotonic() + TURN_S
        while self._producer is None:
            try:
                self._producer = self._client.create_producer(
                    self._partition,
                    schema=EncodedAvro(self._contract),
                    # The broker refuses it while there is another, and others while it is there.
                    access_mode=pulsar.ProducerAccessMode.Exclusive,
                    send_timeout_millis=10_000,
                )
            except (pulsar.ProducerFenced, pulsar.ProducerBusy) as error:
                if time.monotonic() > deadline_s:
                    raise self._cannot_publish(error) from None
                time.sleep(RETRY_S)
            except pulsar.PulsarException as error:
                raise self._cannot_publish(error) from None

    def publish(self, record: dict[str, Any], key: str) -> None:
        """Publish a version; it is our turn (`take_turn`)."""
        assert self._producer is not None
        try:
            self._producer.send(self._encode(record), partition_key=key)
        except pulsar.PulsarException as error:
            raise self._cannot_publish(error) from None

    def _cannot_publish(self, error: Exception) -> HongbaoError:
        path = self._topic.path
        match error:
            case pulsar.ProducerFenced() | pulsar.ProducerBusy():
                return CannotRun(f"{path}: somebody else is publishing {self._noun}s; try again when that is done")
            case pulsar.IncompatibleSchema():
                return SchemaConflict(
                    f"{path}: the registry does not have {self._topic.record}.avsc; hongbao schemas register"
                )
            case _:
                return Unreachable(
                    f"{self._broker.service_url}: cannot publish to {path}: {error}; is the stack up? "
                    "hongbao up starts it, and makes its topics"
                )
