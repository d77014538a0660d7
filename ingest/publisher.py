"""Publish events as Avro, keyed by shopper, fast and without losing any silently.

with Publisher(read(Pulsar)) as clicks:
    clicks.publish({"event_type": "product_viewed", "user_id": "u1", ...})
"""

import io
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import _pulsar
import fastavro
import pulsar
from pulsar.schema import Schema

import schemas
from errors import DeliveryFailed, Refused, Unreachable
from ingest.event_id import EventIds
from schemas import Contract
from schemas.rules import violation
from schemas.topics import CLICKS
from settings import Pulsar

# The broker's own default for a message.
LARGEST_BYTES = 5 * 1024 * 1024
Event = dict[str, Any]


class EncodedAvro(Schema):  # type: ignore[misc]
    """A registered Avro schema for bytes that are Avro already."""

    def __init__(self, contract: Contract) -> None:
        super().__init__(bytes, _pulsar.SchemaType.AVRO, {}, "AVRO")
        self._schema_info = _pulsar.SchemaInfo(_pulsar.SchemaType.AVRO, "AVRO", contract.text)

    def encode(self, obj: bytes) -> bytes:
        return obj

    def decode(self, data: bytes) -> bytes:
        return data


@dataclass(frozen=True)
class Delivery:
    """What the broker said of an event: `message_id` is ledger:entry:partition:batch, or None with a `failure`."""

    event: Any
    message_id: str | None
    failure: str | None


class Publisher:
    """Publish events to one topic. For use by several threads; not after a fork.

    `publish` blocks while `most_pending` events await their acknowledgement: that is the back-pressure, and the
    bound on memory. An event the broker does not take within `send_timeout_s` is handed to `on_delivery`, and the
    next publish, flush or close raises DeliveryFailed with it. With a `name`, and a `sequence_id` an event, the
    broker drops what it has already, also after a restart; such events are not batched. Of two publishers with one
    name the second is refused.
    """

    def __init__(
        self,
        broker: Pulsar,
        *,
        topic: str = CLICKS.path,
        record: str = CLICKS.record,
        name: str | None = None,
        batch_delay_ms: int = 5,
        compression: str = "lz4",
        most_pending: int = 20_000,
        send_timeout_s: float = 30.0,
        on_delivery: Callable[[Delivery], None] | None = None,
    ) -> None:
        self._topic = broker.topic(topic)
        self._contract = schemas.load(record)
        self._on_delivery = on_delivery
        self._ids = EventIds()
        self._failures: list[Delivery] = []
        self._lock = threading.Lock()
        self._client = pulsar.Client(
            broker.service_url,
            operation_timeout_seconds=10,
            connection_timeout_ms=5_000,
            logger=pulsar.ConsoleLogger(pulsar.LoggerLevel.Error),
        )
        try:
            self._producer = self._client.create_producer(
                self._topic,
                producer_name=name,
                schema=EncodedAvro(self._contract),
                compression_type={"lz4": pulsar.CompressionType.LZ4, "zstd": pulsar.CompressionType.ZSTD}[compression],
                # The broker lets a batch that repeats only in part through whole (Pulsar 4.0).
                batching_enabled=name is None,
                batching_max_publish_delay_ms=batch_delay_ms,
                batching_max_messages=1_000,
                block_if_queue_full=True,
                max_pending_messages=most_pending,
                max_pending_messages_across_partitions=most_pending,
                send_timeout_millis=int(send_timeout_s * 1000),
                # Messages with a key go by its hash: one shopper's share a partition, and so keep their order.
                message_routing_mode=pulsar.PartitionsRoutingMode.RoundRobinDistribution,
            )
        except pulsar.PulsarException as error:
            self._client.close()
            raise Unreachable(
                f"{broker.service_url}: cannot publish to {self._topic}: {error}; is the broker up and the topic made? "
                "hongbao up does both"
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            self.close()
        except DeliveryFailed:
            # The error that ends the block is the one to report.
            if error is None:
                raise

    def publish(self, event: Mapping[str, Any], sequence_id: int | None = None) -> str:
        """Send an event and give its id; event_id and sent_at are filled in where they are missing.

        `sequence_id` is the caller's own growing position, such as a line number: with a `name`, what is published
        again after a crash is dropped by the broker up to where it came. Without one the client counts.
        Raises Refused with field and reason for an event that breaks its contract or is too large.
        """
        now_ms = time.time_ns() // 1_000_000
        filled = dict(event)
        if not filled.get("event_id"):
            filled["event_id"] = self._ids.next(now_ms)
        if not filled.get("sent_at"):
            filled["sent_at"] = datetime.fromtimestamp(now_ms / 1000, UTC)
        broken = violation(self._contract, filled, now_ms)
        if broken is not None:
            raise Refused(f"{self._topic}: {broken.reason} (event {filled['event_id']}); correct the event")
        self.send(self.encode(filled), str(filled.get("user_id") or filled["anonymous_id"]), filled, sequence_id)
        return str(filled["event_id"])

    def encode(self, event: Mapping[str, Any]) -> bytes:
        """The event in Avro; it must hold its contract."""
        buffer = io.BytesIO()
        fastavro.schemaless_writer(buffer, self._contract.parsed, event)
        return buffer.getvalue()

    def send(self, payload: bytes, key: str | None, event: Any, sequence_id: int | None = None) -> None:
        """Send bytes as they are; `event` comes back in the delivery. For those who encode ahead."""
        if len(payload) > LARGEST_BYTES:
            raise Refused(f"{self._topic}: the event has {len(payload):,} bytes; the broker takes {LARGEST_BYTES:,}")
        self._raise_failures()
        self._producer.send_async(
            payload,
            lambda result, at: self._delivered(event, result, at),
            partition_key=key,
            sequence_id=sequence_id,
        )

    def flush(self) -> None:
        """Return when the broker has answered for everything sent so far; raises DeliveryFailed."""
        try:
            self._producer.flush()
        except pulsar.PulsarException as error:
            self._raise_failures()
            raise DeliveryFailed(f"{self._topic}: {error}") from None
        self._raise_failures()

    def close(self) -> None:
        """Flush, then disconnect. Twice is harmless."""
        if self._client is None:
            return
        try:
            self.flush()
        finally:
            client, self._client = self._client, None
            client.close()

    def _delivered(self, event: Any, result: Any, at: Any) -> None:
        if result == pulsar.Result.Ok:
            message_id = f"{at.ledger_id()}:{at.entry_id()}:{at.partition()}:{at.batch_index()}"
            delivery = Delivery(event, message_id, None)
        else:
            delivery = Delivery(event, None, str(result))
            with self._lock:
                self._failures.append(delivery)
        if self._on_delivery is not None:
            self._on_delivery(delivery)

    def _raise_failures(self) -> None:
        if self._failures:
            with self._lock:
                failures, self._failures = self._failures, []
            first = failures[0]
            raise DeliveryFailed(
                f"{self._topic}: {len(failures)} events were not taken, the first because of {first.failure}: "
                f"{first.event!r:.300}"
            )
