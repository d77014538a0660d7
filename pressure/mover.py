"""Move deferred events on to events/clicks, in order a visitor, once each, at a bounded rate and only while it is calm.

events/clicks-deferred -> subscription mover -> groups -> events/clicks -> the book -> acknowledged

A kill at any instant harms nothing: what was not acknowledged comes again, and then
- what the book has is passed over;
- the rest goes out under the sequence ids that it had, and the broker, which remembers a producer for 6 h, drops it;
- the first group of each partition is looked up in the warehouse, and so is what has waited for half the horizon;
- and the jobs drop by event id what comes twice within their horizon.

What is no event is moved too: a job makes a dead letter of it, and says why.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event
from types import TracebackType
from typing import Any, NamedTuple, Self

import pulsar

from errors import CannotRun, Unreachable
from ingest.lane import Delivery
from ingest.outbox import Outbox
from ingest.partitions import java_string_hash
from pressure.moved import MovedBook, rows
from schemas.topics import CLICKS, DEFERRED
from settings import Pulsar
from stack.topics import MOVER
from topics.avro import Writers, schema_version
from topics.client import connect

# Moved, written down and acknowledged together; what a kill leaves in doubt, a partition.
GROUP = 250
GROUP_WAIT_MS = 200
# How long a group that must not be moved yet waits before it asks again.
LOOK_S = 0.5
# The name that the broker remembers, with the writer's schema version behind it.
PRODUCER = "deferred-mover"
# The message property that names the message moved.
PROPERTY = "deferred"
# The event id of what is no event.
NOBODY = ""
# A position as a sequence id: 30 bits of ledger, 22 of entry, 11 of the place in the batch.
LEDGERS, ENTRIES, PLACES = 1 << 30, 1 << 22, 1 << 11


@dataclass
class Moved:
    """What a mover did: `repeats` had been moved before; `late` were older than conversion's allowed lateness."""

    moved: int = 0
    repeats: int = 0
    late: int = 0
    longest_wait_s: float = 0.0


class _Waiting(NamedTuple):
    """A deferred event: `note` names it and its message, for the book."""

    message: Any
    occurred_s: float
    partition: int
    note: dict[str, str]
    sequence_id: int | None


class Mover:
    """The one mover of a tenant; `landed` says which of some event ids are in the warehouse.

    `lateness` is conversion's, `horizon` within which the jobs drop what comes twice, `per_second` the most it moves.

    Raises CannotRun when another one is at work, Unreachable without a broker.
    """

    def __init__(
        self,
        broker: Pulsar,
        book: MovedBook,
        landed: Callable[[list[str]], set[str]],
        *,
        lateness: timedelta,
        horizon: timedelta,
        per_second: int,
    ) -> None:
        self._broker = broker
        self._book = book
        self._landed = landed
        self._lateness_s = lateness.total_seconds()
        self._horizon_s = horizon.total_seconds()
        self._per_second = per_second
        self.done = Moved()
        self._booked = book.newest()
        # Of each partition: how many came so far, and the last position that was moved.
        self._came: Counter[int] = Counter()
        self._last: dict[int, tuple[int, int, int]] = {}
        self._outboxes: dict[tuple[int, bool], Outbox] = {}
        self._delivered: list[Delivery] = []
        self._client = connect(broker)
        self._writers = Writers(self._client)
        try:
            self._partitions = len(self._client.get_topic_partitions(broker.topic(CLICKS.path)))
            self._consumer = self._client.subscribe(
                broker.topic(DEFERRED.path),
                MOVER,
                pulsar.ConsumerType.Exclusive,
                initial_position=pulsar.InitialPosition.Earliest,
                batch_receive_policy=pulsar.ConsumerBatchReceivePolicy(GROUP, -1, GROUP_WAIT_MS),
            )
        except pulsar.PulsarException as error:
            self._client.close()
            raise self._cannot_read(error) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for outbox in self._outboxes.values():
            outbox.close() if kind is None else outbox.abandon()
        self._client.close()

    def run(self, calm: Callable[[], bool], empty: Callable[[], bool], stopped: Event) -> Moved:
        """Move while it is `calm`, until nothing waits any more, as `empty` says, or until `stopped`."""
        while not stopped.is_set():
            if not calm():
                stopped.wait(LOOK_S)
                continue
            started_s = time.monotonic()
            messages = self._consumer.batch_receive()
            if messages:
                self._move(messages)
                stopped.wait(max(0.0, len(messages) / self._per_second - (time.monotonic() - started_s)))
            elif empty():
                break
        return self.done

    def _move(self, messages: list[Any]) -> None:
        group = [self._waiting(message) for message in messages]
        new = self._new(group)
        landed = self._landed_of([one for one, in_doubt in new if in_doubt or self._outlived(one)])
        for one, in_doubt in new:
            if one.note["event_id"] in landed:
                # A mover that was killed had no time to write it down, or its shopper's client published it twice.
                self._delivered.append(Delivery(one.note, None, None))
            else:
                self._send(one, in_doubt)
        for outbox in self._outboxes.values():
            outbox.flush()
        self._book.add(rows(self._delivered, datetime.now(UTC)))
        moved = sum(delivery.message_id is not None for delivery in self._delivered)
        self.done.moved += moved
        self.done.repeats += len(group) - moved
        self._delivered.clear()
        for one in group:
            self._consumer.acknowledge(one.message)

    def _new(self, group: list[_Waiting]) -> list[tuple[_Waiting, bool]]:
        """Those that are not known to have been moved, and whether an earlier mover may have moved them all the same.

        That is in doubt for the first group of each partition: a mover writes a group down before the next.
        """
        new = []
        for one in group:
            at = _position(one.message)
            # The broker gives again what was not acknowledged when a connection broke.
            if at <= self._last.get(one.partition, (-1, -1, -1)) or one.note["deferred_message_id"] in self._booked:
                continue
            self._last[one.partition] = at
            new.append((one, self._came[one.partition] < GROUP))
            self._came[one.partition] += 1
        return new

    def _outlived(self, one: _Waiting) -> bool:
        """Whether it has waited so long that the jobs may soon forget another delivery of the event."""
        return bool(time.time() - one.message.publish_timestamp() / 1000 > self._horizon_s / 2)

    def _landed_of(self, doubtful: list[_Waiting]) -> set[str]:
        return self._landed([one.note["event_id"] for one in doubtful]) if doubtful else set()

    def _send(self, one: _Waiting, in_doubt: bool) -> None:
        now_s = time.time()
        self.done.late += now_s - one.occurred_s > self._lateness_s
        waited_s = now_s - one.message.publish_timestamp() / 1000
        self.done.longest_wait_s = max(self.done.longest_wait_s, waited_s)
        self._outbox(one).send(
            one.message.data(),
            one.message.partition_key(),
            one.note,
            one.sequence_id,
            # The broker drops a batch only whole, and an earlier mover batched otherwise.
            alone=in_doubt,
            properties={PROPERTY: one.note["deferred_message_id"]},
        )

    def _outbox(self, one: _Waiting) -> Outbox:
        """The way of events of one writer's schema, with the name that the broker remembers or without one."""
        version, named = schema_version(one.message), one.sequence_id is not None
        if (version, named) not in self._outboxes:
            self._outboxes[version, named] = Outbox(
                self._broker,
                [CLICKS.path],
                self._writers.text(one.message),
                name=f"{PRODUCER}-{version}" if named else None,
                send_timeout_s=0,
                # A broker that is away ends this run; the next one goes on.
                patience_s=30.0,
                on_delivery=self._delivered.append,
            )
        return self._outboxes[version, named]

    def _waiting(self, message: Any) -> _Waiting:
        partition = message.message_id().partition()
        ledger, entry, place = _position(message)
        where = f"{ledger}:{entry}:{partition}:{place}"
        try:
            self._writers.text(message)
        except LookupError as error:
            raise CannotRun(f"{DEFERRED.path}: message {where} cannot be moved: {error}") from None
        try:
            event = self._writers.decode(message)
            event_id, occurred_s = str(event["event_id"]), event["occurred_at"].timestamp()
        except Exception:  # whatever the bytes lead fastavro to; a job makes a dead letter of it, with the reason
            event_id, occurred_s = NOBODY, message.publish_timestamp() / 1000
        note = {"event_id": event_id, "deferred_message_id": where}
        return _Waiting(message, occurred_s, partition, note, self._sequence_id(message, partition))

    def _sequence_id(self, message: Any, partition: int) -> int | None:
        """The position as a number that grows, where a partition goes to the one of its number; else None.

        Where the topics have grown apart, or a batch is larger than any of ours, only the other ways are left to know
        a repeat by.
        """
        ledger, entry, place = _position(message)
        if java_string_hash(message.partition_key()) % self._partitions != partition:
            return None
        if ledger >= LEDGERS or entry >= ENTRIES or place >= PLACES:
            return None
        return (ledger * ENTRIES + entry) * PLACES + place

    def _cannot_read(self, error: Exception) -> CannotRun:
        topic = DEFERRED.path
        if isinstance(error, pulsar.ConsumerBusy):
            return CannotRun(f"{topic}: another mover is at work; one is enough")
        return Unreachable(f"{self._broker.service_url}: cannot read {topic}: {error}; hongbao up makes the topic")


def _position(message: Any) -> tuple[int, int, int]:
    """Ledger, entry, place in the batch."""
    found = message.message_id()
    return found.ledger_id(), found.entry_id(), max(0, found.batch_index())
