"""Publish events as Avro, keyed by shopper, fast and without losing any silently.

with Publisher(read(Pulsar)) as clicks:
    clicks.publish({"event_type": "product_viewed", "user_id": "u1", ...})
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from types import TracebackType
from typing import Any, Self

import schemas
from errors import CannotRun, DeliveryFailed, Refused
from ingest.event_id import EventIds
from ingest.forwarder import Forwarder
from ingest.lane import Delivery
from ingest.outbox import Outbox
from ingest.spool import Spool
from pressure.deferral import Diversion, visitor
from pressure.follower import Follower, Pressure, Queue
from schemas.encoder import encoder
from schemas.rules import violation
from schemas.topics import CLICK_TOPICS, CLICKS, DEFERRED, clicks_of
from settings import Deferral, Pulsar, read
from settings import Pressure as PressureSettings

# The folder, within a spool's, of the spool of deferred events.
SIDE = "deferred"


class Publisher:
    """Publish events: clicks to the topic of their shopper's tier, another record to the `topic` given. For use by
    several threads; not after a fork.

    `publish` blocks while `most_pending` events or `most_pending_bytes` await their acknowledgement: that is the
    back-pressure, and the bound on memory. An event the broker does not take within `send_timeout_s` goes to
    `on_delivery`, and the next publish, flush or close raises NotDelivered with it; a publish that raises has not
    taken its own event.

    With a `name`, and a `sequence_id` an event, what the broker has already is not taken twice, also after a restart:
    its delivery has neither message id nor failure. Of two publishers with one name the second is refused with
    CannotRun.

    With a `spool` the broker may be away, also from the start: `publish` returns when the event is in the spool (see
    Spool for what that survives) and raises SpoolFull over its bound. The spool is sent in order a shopper once the
    broker is there, first what an earlier process left. It brings its own name and sequence ids, nothing times out,
    and closing the publisher closes it.

    `on_delivery` is called once an event, in a thread of the publisher's: it may publish, it must not flush or close.
    With a spool it comes when the broker has the event; what an earlier process left comes with event None.

    `pressure` says how hard pressed the system behind is; `on_pressure` is called with each new level, in a thread of
    its own. With a `deferral` that is not "never" what may wait goes to events/clicks-deferred while the level asks
    for it (pressure/deferral.py), from a spool of its own in the spool's folder `deferred`.
    """

    def __init__(
        self,
        broker: Pulsar,
        *,
        topic: str = CLICKS.path,
        record: str = CLICKS.record,
        name: str | None = None,
        spool: Spool | None = None,
        batch_delay_ms: int = 10,
        compression: str = "lz4",
        most_pending: int = 20_000,
        most_pending_bytes: int = 64 * 1024 * 1024,
        send_timeout_s: float = 30.0,
        on_delivery: Callable[[Delivery], None] | None = None,
        on_pressure: Callable[[Pressure], None] | None = None,
        deferral: Deferral | None = None,
    ) -> None:
        self._broker = broker
        self._topic = broker.topic(topic)
        self._topics = [one.path for one in CLICK_TOPICS] if topic == CLICKS.path else [topic]
        self._contract = schemas.load(record)
        self._encode = encoder(self._contract)
        self._ids = EventIds()
        self._spool = spool
        self._send_timeout_s = send_timeout_s
        self._options: Any = {
            "batch_delay_ms": batch_delay_ms,
            "compression": compression,
            "most_pending": most_pending,
            "most_pending_bytes": most_pending_bytes,
        }
        self._way = self._open_way(self._topics, name, spool, on_delivery)
        # What may wait goes another way while it does.
        self._side: Outbox | Forwarder | None = None
        self._diversion: Diversion | None = None
        self._turn = threading.Lock()
        self._follower: Follower | None = None
        self._on_pressure = on_pressure
        wanted = deferral is not None and deferral.when != "never"
        # What an earlier process deferred into its spool goes on, whatever the policy is by now.
        left = spool is not None and topic == CLICKS.path and spool.has_beside(SIDE)
        if wanted or left:
            self._defer(topic, name, deferral if wanted else None, on_delivery)
        if on_pressure is not None:
            self._follow()

    def _open_way(
        self,
        topics: Sequence[str],
        name: str | None,
        spool: Spool | None,
        on_delivery: Callable[[Delivery], None] | None,
    ) -> Outbox | Forwarder:
        schema, options = self._contract.text, self._options
        if spool is None:
            return Outbox(
                self._broker,
                topics,
                schema,
                name=name,
                send_timeout_s=self._send_timeout_s,
                on_delivery=on_delivery,
                **options,
            )
        if name is not None:
            raise ValueError(f"{spool.folder}: a spool has its own name; give none")
        try:
            spool.begin(self._broker.topic(topics[0]), schema)
        except CannotRun:
            spool.close()
            raise
        # A batch that timed out while a later one got through would be taken for a repetition: none may time out.
        return Forwarder(spool, partial(Outbox, self._broker, topics, send_timeout_s=0, **options), on_delivery)

    def _defer(
        self, topic: str, name: str | None, policy: Deferral | None, on_delivery: Callable[[Delivery], None] | None
    ) -> None:
        """Open the other way; without a policy nothing new goes there."""
        try:
            if topic != CLICKS.path or name is not None:
                raise ValueError(f"{topic}: only a publisher of {CLICKS.path} without a name can defer")
            diversion = None if policy is None else Diversion(policy)
            spool = None if self._spool is None else self._spool.beside(SIDE)
            told = None if on_delivery is None else partial(_told_deferred, on_delivery)
            self._side = self._open_way([DEFERRED.path], None, spool, told)
            self._diversion = diversion
        except BaseException:
            _close(self._way, 0.0)
            raise
        if diversion is not None:
            self._follow()

    def _follow(self) -> Follower:
        with self._turn:
            if self._follower is None:
                self._follower = Follower(self._broker, read(PressureSettings), self._queue, self._on_pressure)
            return self._follower

    def _queue(self) -> Queue:
        return Queue(max(way.waits_s for way in self._ways), any(way.away for way in self._ways))

    @property
    def _ways(self) -> list[Outbox | Forwarder]:
        return [self._way] if self._side is None else [self._way, self._side]

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

    @property
    def pressure(self) -> Pressure:
        """How hard pressed the system is, as far as this publisher knows; the first time it is asked begins to follow.

        Unknown until the watcher is heard, within a second or two.
        """
        return self._follow().pressure

    @property
    def deferred(self) -> int:
        """How many events this publisher has sent to the side topic."""
        return 0 if self._diversion is None else self._diversion.events

    @property
    def unsent(self) -> int:
        """How many events are in the spool, and not known to be with the broker; 0 without a spool."""
        return sum(way.unsent for way in self._ways if isinstance(way, Forwarder))

    @property
    def trouble(self) -> str | None:
        """Why the spool is not being sent at the moment, or None."""
        return next((way.trouble for way in self._ways if isinstance(way, Forwarder) and way.trouble), None)

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
        key = str(filled.get("user_id") or filled["anonymous_id"])
        self.send(
            self._encode(filled),
            key,
            filled,
            sequence_id,
            visitor=self.visitor(filled),
            tier=filled.get("membership_tier"),
        )
        return str(filled["event_id"])

    def visitor(self, event: Mapping[str, Any]) -> str | None:
        """Whose browsing the event is when it may wait, for `send`; None when it may not."""
        return None if self._diversion is None else visitor(event, self._diversion.policy)

    def encode(self, event: Mapping[str, Any]) -> bytes:
        """The event in Avro; it must hold its contract."""
        return self._encode(event)

    def send(
        self,
        payload: bytes,
        key: str | None,
        event: Any,
        sequence_id: int | None = None,
        properties: Mapping[str, str] | None = None,
        visitor: str | None = None,
        tier: object = None,
    ) -> None:
        """Send bytes as they are; `event` comes back in the delivery. For those who encode ahead.

        Clicks go by their shopper's `tier`, which is not looked for in the bytes.
        """
        if self._waits(visitor):
            assert self._side is not None  # what waits has somewhere to
            self._side.send(payload, key, event, sequence_id, properties=properties)
        else:
            self._way.send(payload, key, event, sequence_id, properties=properties, topic=self._to(tier))

    def _waits(self, visitor: str | None) -> bool:
        """Whether the event goes to the side topic: the one place that decides it."""
        if visitor is None or self._diversion is None or self._follower is None:
            return False
        follower, now_ms = self._follower, time.time_ns() // 1_000_000
        with self._turn:
            return self._diversion.takes(visitor, follower.pressure.level, follower.moved_ms, now_ms)

    def _to(self, tier: object) -> int:
        """The number of the tier's topic."""
        apart = len(self._topics) > 1 and self._broker.vip_topic
        return self._topics.index(clicks_of(tier).path) if apart else 0

    def flush(self) -> None:
        """Return when the broker has answered for everything sent so far; raises NotDelivered.

        With a spool, return when the broker has everything that is in it: not before it is back.
        """
        for way in self._ways:
            way.flush()

    def close(self, within_s: float = 10.0) -> None:
        """Flush, then disconnect. Twice is harmless.

        With a spool, give the broker `within_s` to take what is there; the rest (`unsent`) stays for the next process.
        """
        until_s = time.monotonic() + within_s
        with ExitStack() as closing:
            if self._follower is not None:
                closing.callback(self._follower.close)
            for way in self._ways:
                closing.callback(_close, way, until_s)


def _close(way: Outbox | Forwarder, until_s: float) -> None:
    if isinstance(way, Forwarder):
        way.close(max(0.0, until_s - time.monotonic()))
    else:
        way.close()


def _told_deferred(on_delivery: Callable[[Delivery], None], delivery: Delivery) -> None:
    on_delivery(delivery._replace(deferred=True))
