"""Send bytes to the partitions of topics with a bound on what awaits its answer, and settle every answer."""

import os
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pulsar

from errors import CannotRun, DeliveryFailed, HongbaoError, Refused, SchemaConflict, Unreachable
from ingest.lane import Batch, Delivery, Lane, lanes, producer_options
from ingest.partitions import java_string_hash
from settings import Pulsar
from settings.listening import refuses

# The broker's limit for a message, 5 MiB, less room for its key and metadata.
LARGEST_BYTES = 5 * 1024 * 1024 - 4096
BATCH_EVENTS = 1_000
BATCH_BYTES = 1024 * 1024
OPERATION_S = 10
# A broker that has not answered for so long is away.
AWAY_S = 10.0


class NotDelivered(DeliveryFailed):
    """Events that the broker did not take, with the reason of each in `failures`."""

    def __init__(self, topic: str, failures: Sequence[Delivery]) -> None:
        self.failures = tuple(failures)
        first = failures[0]
        super().__init__(
            f"{topic}: {len(failures)} events were not taken, "
            f"the first because of {first.failure}: {first.event!r:.300}"
        )


class Outbox:
    """Events on their way to one topic or several. For use by several threads; not after a fork.

    `send` blocks while `most_pending` events or `most_pending_bytes` await their answer. What the broker does not
    take raises NotDelivered at the next send, check, flush or close. A `send_timeout_s` of 0 is none; with
    `patience_s`, nothing answered for so long raises Unreachable at the next wait or check.
    """

    def __init__(
        self,
        broker: Pulsar,
        topics: Sequence[str],
        schema: str,
        *,
        name: str | None = None,
        batch_delay_ms: int = 10,
        compression: str = "lz4",
        most_pending: int = 20_000,
        most_pending_bytes: int = 64 * 1024 * 1024,
        send_timeout_s: float = 30.0,
        patience_s: float | None = None,
        on_delivery: Callable[[Delivery], None] | None = None,
    ) -> None:
        # Errors name the first.
        self._topic = broker.topic(topics[0])
        self._on_delivery = on_delivery
        self._batch_delay_s = batch_delay_ms / 1000
        self._most_pending, self._most_pending_bytes = most_pending, most_pending_bytes
        self._patience_s = patience_s
        self._lock = threading.Lock()
        self._settled = threading.Condition(self._lock)
        self._pending = self._pending_bytes = 0
        # In the order of their first event.
        self._unanswered: dict[Batch, None] = {}
        self._heard_s = time.monotonic()
        self._failures: list[Delivery] = []
        self._broken: BaseException | None = None
        self._closed = self._idle = False
        self._keyless = 0
        # Answers come in the client's threads, which may hold the client's locks: there they are only put here.
        self._answers: deque[tuple[Lane, Batch, Any, Any]] = deque()
        self._bell: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._waiting = 0
        if refuses(broker.service_url):
            raise _cannot_publish(broker, self._topic, name, ConnectionRefusedError("nobody listens there"))
        self._client = _client(broker)
        try:
            options = producer_options(schema, name, compression, send_timeout_s)
            self._topics = [lanes(self._client, broker.topic(topic), options, self._answered) for topic in topics]
        except pulsar.PulsarException as error:
            self._client.close()
            raise _cannot_publish(broker, self._topic, name, error) from None
        self._lanes = [lane for of_topic in self._topics for lane in of_topic]
        self._attendant = threading.Thread(target=self._attend, name=f"publisher of {topics[0]}", daemon=True)
        self._attendant.start()

    @property
    def taken(self) -> list[int]:
        """Of each partition, the last position that an earlier outbox of this name got through; -1 without one."""
        return [lane.taken for lane in self._lanes]

    def send(
        self,
        payload: bytes,
        key: str | None,
        event: Any,
        position: int | None = None,
        alone: bool = False,
        properties: Mapping[str, str] | None = None,
        topic: int = 0,
    ) -> None:
        """Send bytes to the `topic`th; `event` comes back in the delivery. What must not share a batch goes `alone`."""
        size = len(payload)
        if size > LARGEST_BYTES:
            raise Refused(f"{self._topic}: the event has {size:,} bytes; the broker takes {LARGEST_BYTES:,}")
        now_s = time.monotonic()
        with self._lock:
            self._wait_for_room(size)
            self._raise_failures()
            lane = self._lane(key, position, self._topics[topic])
            if position is not None and position <= lane.taken:
                self._taken_before(lane, event, size)
                return
            if position is not None and position <= lane.position:
                raise ValueError(f"{self._topic}: sequence id {position} after {lane.position}; they must grow")
            if not self._pending:
                self._heard_s = now_s
            self._pending += 1
            self._pending_bytes += size
            if lane.open is not None and (alone or lane.open.bytes + size > BATCH_BYTES):
                lane.send()
            first = lane.open is None
            batch = lane.add(payload, key, event, position, now_s, properties)
            if first:
                self._unanswered[batch] = None
            if alone or len(batch.events) >= BATCH_EVENTS or now_s - batch.opened_s >= self._batch_delay_s:
                lane.send()
            else:
                self._wake()

    def answered_below(self, position: int) -> int:
        """The first position whose event is not with the broker yet, when everything below `position` was sent."""
        with self._lock:
            return next((batch.first for batch in self._unanswered), position)

    @property
    def waits_s(self) -> float:
        """For how many seconds the oldest event has awaited its answer; 0 when none does."""
        with self._lock:
            oldest = next((batch for batch in self._unanswered if not batch.answered), None)
        return 0.0 if oldest is None else time.monotonic() - oldest.opened_s

    @property
    def away(self) -> bool:
        """Whether the broker has answered nothing for longer than one that is there ever needs."""
        with self._lock:
            return self._pending > 0 and time.monotonic() - self._heard_s >= AWAY_S

    def check(self) -> None:
        """Raise what went wrong since the last send."""
        with self._lock:
            self._raise_failures()
            self._lose_patience()

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
            self._end(self._client.close)

    def abandon(self) -> None:
        """Disconnect at once; what is not answered may have been taken or not."""
        if not self._closed:
            self._end(self._client.shutdown)

    def _end(self, disconnect: Callable[[], None]) -> None:
        self._closed = True
        self._bell.put(None)
        self._attendant.join()
        try:
            disconnect()
        except pulsar.PulsarException:
            pass  # a broker that is gone needs no goodbye

    def _wake(self) -> None:
        if self._idle:
            self._idle = False
            self._bell.put(None)

    def _lane(self, key: str | None, position: int | None, of_topic: list[Lane]) -> Lane:
        if key:
            return of_topic[java_string_hash(key) % len(of_topic)]
        if position is None:
            self._keyless += 1
            position = self._keyless
        # By the position, so that what is sent again goes where it went.
        return of_topic[position % len(of_topic)]

    def _taken_before(self, lane: Lane, event: Any, size: int) -> None:
        if self._on_delivery is not None:
            self._pending += 1
            self._pending_bytes += size
            self._answers.append((lane, Batch.taken_before(event, size), pulsar.Result.Ok, None))
            self._wake()

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
        try:
            while not settled() and self._broken is None:
                self._lose_patience()
                self._settled.wait(self._patience_s)
        finally:
            self._waiting -= 1

    def _lose_patience(self) -> None:
        if self._patience_s and self._pending and time.monotonic() - self._heard_s >= self._patience_s:
            raise Unreachable(f"{self._topic}: the broker has not answered for {self._patience_s:g} s")

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
        if self._closed:
            return False
        with self._lock:
            self._send_open(time.monotonic() - self._batch_delay_s)
        return True

    def _answered(self, *answer: Any) -> None:
        self._answers.append(answer)
        if self._waiting:
            self._bell.put(None)

    def _settle(self, lane: Lane, batch: Batch, result: Any, message_id: Any) -> None:
        failure = lane.failure(batch, result, message_id)
        failures: list[Delivery] = []
        # A delivery an event is 1 µs that nobody asked for when all is well.
        if failure is not None or self._on_delivery is not None:
            deliveries = list(lane.deliveries(batch, failure, message_id))
            failures = deliveries if failure is not None else failures
            if self._on_delivery is not None:
                for delivery in deliveries:
                    self._on_delivery(delivery)
        with self._lock:
            self._failures += failures
            if failure is None:
                self._unanswered.pop(batch, None)
            self._pending -= len(batch.events)
            self._pending_bytes -= batch.bytes
            self._heard_s = time.monotonic()
            self._settled.notify_all()


def _client(broker: Pulsar) -> pulsar.Client:
    return pulsar.Client(
        broker.service_url,
        operation_timeout_seconds=OPERATION_S,
        connection_timeout_ms=5_000,
        # The console logger writes to stdout, which is the answer's; what matters comes back as an error.
        logger=pulsar.FileLogger(pulsar.LoggerLevel.Error, os.devnull),
    )


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
