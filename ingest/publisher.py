"""Publish events as Avro, keyed by shopper, fast and without losing any silently.

with Publisher(read(Pulsar)) as clicks:
    clicks.publish({"event_type": "product_viewed", "user_id": "u1", ...})
"""

import io
import os
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import _pulsar
import fastavro
import pulsar
from pulsar.schema import Schema

import schemas
from errors import CannotRun, DeliveryFailed, HongbaoError, Refused, SchemaConflict, Unreachable
from ingest.event_id import EventIds
from ingest.lane import NEVER_MS, Batch, Delivery, Lane
from ingest.partitions import java_string_hash
from schemas import Contract
from schemas.rules import violation
from schemas.topics import CLICKS
from settings import Pulsar

# The broker's limit for a message, 5 MiB, less room for its key and metadata.
LARGEST_BYTES = 5 * 1024 * 1024 - 4096
BATCH_EVENTS = 1_000
BATCH_BYTES = 1024 * 1024
COMPRESSIONS = {"lz4": pulsar.CompressionType.LZ4, "zstd": pulsar.CompressionType.ZSTD}
OPERATION_S = 10


class EncodedAvro(Schema):  # type: ignore[misc]
    """A registered Avro schema for bytes that are Avro already."""

    def __init__(self, contract: Contract) -> None:
        super().__init__(bytes, _pulsar.SchemaType.AVRO, {}, "AVRO")
        self._schema_info = _pulsar.SchemaInfo(_pulsar.SchemaType.AVRO, "AVRO", contract.text)

    def encode(self, obj: bytes) -> bytes:
        return obj

    def decode(self, data: bytes) -> bytes:
        return data


class NotDelivered(DeliveryFailed):
    """Events that the broker did not take, with the reason of each in `failures`."""

    def __init__(self, topic: str, failures: Sequence[Delivery]) -> None:
        self.failures = tuple(failures)
        first = failures[0]
        super().__init__(
            f"{topic}: {len(failures)} events were not taken, "
            f"the first because of {first.failure}: {first.event!r:.300}"
        )


class Publisher:
    """Publish events to one topic. For use by several threads; not after a fork.

    `publish` blocks while `most_pending` events or `most_pending_bytes` await their acknowledgement: that is the
    back-pressure, and the bound on memory. An event the broker does not take within `send_timeout_s` goes to
    `on_delivery`, and the next publish, flush or close raises NotDelivered with it; a publish that raises has not
    taken its own event.

    With a `name`, and a `sequence_id` an event, what the broker has already is not taken twice, also after a restart:
    its delivery has neither message id nor failure. Of two publishers with one name the second is refused with
    CannotRun.

    `on_delivery` is called once an event, in a thread of the publisher's: it may publish, it must not flush or close.
    """

    def __init__(
        self,
        broker: Pulsar,
        *,
        topic: str = CLICKS.path,
        record: str = CLICKS.record,
        name: str | None = None,
        batch_delay_ms: int = 10,
        compression: str = "lz4",
        most_pending: int = 20_000,
        most_pending_bytes: int = 64 * 1024 * 1024,
        send_timeout_s: float = 30.0,
        on_delivery: Callable[[Delivery], None] | None = None,
    ) -> None:
        self._topic = broker.topic(topic)
        self._contract = schemas.load(record)
        self._on_delivery = on_delivery
        self._batch_delay_s = batch_delay_ms / 1000
        self._most_pending, self._most_pending_bytes = most_pending, most_pending_bytes
        self._ids = EventIds()
        self._lock = threading.Lock()
        self._settled = threading.Condition(self._lock)
        self._pending = self._pending_bytes = 0
        self._failures: list[Delivery] = []
        self._broken: BaseException | None = None
        self._closed = self._idle = False
        self._keyless = 0
        # Answers come in the client's threads, which may hold the client's locks: there they are only put here.
        self._answers: deque[tuple[Lane, Batch, Any, Any]] = deque()
        self._bell: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._waiting = 0
        self._client = _client(broker)
        try:
            options = _options(self._contract, name, compression, send_timeout_s)
            self._lanes = _lanes(self._client, self._topic, options, self._answered)
        except pulsar.PulsarException as error:
            self._client.close()
            raise _cannot_publish(broker, self._topic, name, error) from None
        self._attendant = threading.Thread(target=self._attend, name=f"publisher of {topic}", daemon=True)
        self._attendant.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            self.close()
        except DeliveryFailed as failed:
            # The error that ends the block is the one to report.
            if error is None:
                raise
            error.add_note(str(failed))

    def publish(self, event: Mapping[str, Any], sequence_id: int | None = None) -> str:
        """Send an event and give its id; event_id and sent_at are filled in where they are missing.

        `sequence_id` is the caller's own growing position, such as a line number: with a `name`, what is published
        again after a crash is dropped up to where it came. Give one to every event or to none.
        Raises Refused with field and reason for an event that breaks its contract or is too large.
        """
        now_ms = time.time_ns() // 1_000_000
        filled = dict(event)
        if not filled.get("event_id"):
            filled["event_id"] = self._ids.next(now_ms)
        if not filled.get("sent_at"):
            filled["sent_at"] = now_ms
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

    def send(
        self,
        payload: bytes,
        key: str | None,
        event: Any,
        sequence_id: int | None = None,
        properties: Mapping[str, str] | None = None,
    ) -> None:
        """Send bytes as they are; `event` comes back in the delivery. For those who encode ahead."""
        size = len(payload)
        if size > LARGEST_BYTES:
            raise Refused(f"{self._topic}: the event has {size:,} bytes; the broker takes {LARGEST_BYTES:,}")
        now_s = time.monotonic()
        with self._lock:
            self._wait_for_room(size)
            self._raise_failures()
            lane = self._lane(key)
            taken_before = sequence_id is not None and sequence_id <= lane.taken
            if sequence_id is not None and not taken_before and sequence_id <= lane.position:
                raise ValueError(f"{self._topic}: sequence id {sequence_id} after {lane.position}; they must grow")
            self._pending += 1
            self._pending_bytes += size
            if taken_before:
                self._answers.append((lane, Batch.taken_before(event, size), pulsar.Result.Ok, None))
                self._wake()
                return
            if lane.open is not None and lane.open.bytes + size > BATCH_BYTES:
                lane.send()
            batch = lane.add(payload, key, event, sequence_id, now_s, properties)
            if len(batch.events) >= BATCH_EVENTS or now_s - batch.opened_s >= self._batch_delay_s:
                lane.send()
            else:
                self._wake()

    def flush(self) -> None:
        """Return when the broker has answered for everything sent so far; raises NotDelivered."""
        with self._lock:
            self._send_open()
            self._wait(lambda: self._pending == 0)
            self._raise_failures()

    def close(self) -> None:
        """Flush, then disconnect. Twice is harmless."""
        if self._closed:
            return
        try:
            self.flush()
        finally:
            self._closed = True
            self._bell.put(None)
            self._attendant.join()
            try:
                self._client.close()
            except pulsar.PulsarException:
                pass  # everything was answered; a broker that is gone needs no goodbye

    def _wake(self) -> None:
        if self._idle:
            self._idle = False
            self._bell.put(None)

    def _lane(self, key: str | None) -> Lane:
        if key:
            return self._lanes[java_string_hash(key) % len(self._lanes)]
        self._keyless += 1
        return self._lanes[self._keyless % len(self._lanes)]

    def _wait_for_room(self, size: int) -> None:
        if self._closed:
            raise ValueError(f"{self._topic}: this publisher is closed")
        if self._fits(size) or threading.current_thread() is self._attendant:
            return
        self._send_open()
        self._wait(lambda: self._fits(size))

    def _wait(self, settled: Callable[[], bool]) -> None:
        self._waiting += 1
        self._bell.put(None)
        while not settled() and self._broken is None:
            self._settled.wait()
        self._waiting -= 1

    def _fits(self, size: int) -> bool:
        bytes_fit = self._pending_bytes + size <= self._most_pending_bytes
        return self._pending == 0 or (self._pending < self._most_pending and bytes_fit)

    def _raise_failures(self) -> None:
        if self._broken is not None:
            raise self._broken
        if self._failures:
            failures, self._failures = self._failures, []
            raise NotDelivered(self._topic, failures)

    def _send_open(self, opened_before_s: float = float("inf")) -> None:
        for lane in self._lanes:
            if lane.open is not None and lane.open.opened_s <= opened_before_s:
                lane.send()

    def _attend(self) -> None:
        """Settle what was answered, and send the batches that nobody fills."""
        try:
            while self._attend_once():
                pass
        except BaseException as error:
            with self._lock:
                self._broken = error
                self._settled.notify_all()

    def _attend_once(self) -> bool:
        with self._lock:
            self._idle = self._pending == 0
        try:
            self._bell.get(timeout=None if self._idle else self._batch_delay_s)
        except queue.Empty:
            pass
        while self._answers:
            self._settle(*self._answers.popleft())
        with self._lock:
            self._send_open(time.monotonic() - self._batch_delay_s)
        return not self._closed

    def _answered(self, *answer: Any) -> None:
        self._answers.append(answer)
        if self._waiting:
            self._bell.put(None)

    def _settle(self, lane: Lane, batch: Batch, result: Any, message_id: Any) -> None:
        deliveries = list(lane.deliveries(batch, result, message_id))
        if self._on_delivery is not None:
            for delivery in deliveries:
                self._on_delivery(delivery)
        with self._lock:
            self._failures += [delivery for delivery in deliveries if delivery.failure is not None]
            self._pending -= len(deliveries)
            self._pending_bytes -= batch.bytes
            self._settled.notify_all()


def _client(broker: Pulsar) -> pulsar.Client:
    return pulsar.Client(
        broker.service_url,
        operation_timeout_seconds=OPERATION_S,
        connection_timeout_ms=5_000,
        # The console logger writes to stdout, which is the answer's; what matters comes back as an error.
        logger=pulsar.FileLogger(pulsar.LoggerLevel.Error, os.devnull),
    )


def _options(contract: Contract, name: str | None, compression: str, send_timeout_s: float) -> Callable[[], Any]:
    """Make a producer's options; every lane needs its own, because a lane changes them."""

    def make() -> Any:
        options = _pulsar.ProducerConfiguration()
        if name is not None:
            options.producer_name(name)
        options.schema(_pulsar.SchemaInfo(_pulsar.SchemaType.AVRO, "AVRO", contract.text))
        options.compression_type(COMPRESSIONS[compression])
        options.send_timeout_millis(int(send_timeout_s * 1000))
        # The publisher bounds what is pending; the client must not refuse before.
        options.max_pending_messages(0)
        options.batching_enabled(True)
        options.batching_max_publish_delay_ms(NEVER_MS)
        return options

    return make


def _lanes(client: pulsar.Client, topic: str, options: Callable[[], Any], answered: Callable[..., None]) -> list[Lane]:
    partitions = client.get_topic_partitions(topic)
    if partitions == [topic]:
        return [Lane(client, topic, -1, options(), answered)]
    return [Lane(client, partition, number, options(), answered) for number, partition in enumerate(partitions)]


def _cannot_publish(broker: Pulsar, topic: str, name: str | None, error: Exception) -> HongbaoError:
    match error:
        case pulsar.ProducerBusy():
            return CannotRun(f"{topic}: a publisher named {name!r} is connected; stop it or take another name")
        case pulsar.IncompatibleSchema():
            return SchemaConflict(f"{topic}: the registry does not have this publisher's schema; register it first")
        case _:
            return Unreachable(
                f"{broker.service_url}: cannot publish to {topic}: {error}; is the broker up and the topic made? "
                "hongbao up does both"
            )
