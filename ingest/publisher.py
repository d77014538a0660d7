"""Publish events as Avro, keyed by shopper, fast and without losing any silently.

with Publisher(read(Pulsar)) as clicks:
    clicks.publish({"event_type": "product_viewed", "user_id": "u1", ...})
"""

import time
from collections.abc import Callable, Mapping
from functools import partial
from types import TracebackType
from typing import Any, Self

import _pulsar
from pulsar.schema import Schema

import schemas
from errors import CannotRun, DeliveryFailed, Refused
from ingest.event_id import EventIds
from ingest.forwarder import Forwarder
from ingest.lane import Delivery
from ingest.outbox import Outbox
from ingest.spool import Spool
from schemas import Contract
from schemas.encoder import encoder
from schemas.rules import violation
from schemas.topics import CLICK_TOPICS, CLICKS, clicks_of
from settings import Pulsar


class EncodedAvro(Schema):  # type: ignore[misc]
    """A registered Avro schema for bytes that are Avro already."""

    def __init__(self, contract: Contract) -> None:
        super().__init__(bytes, _pulsar.SchemaType.AVRO, {}, "AVRO")
        self._schema_info = _pulsar.SchemaInfo(_pulsar.SchemaType.AVRO, "AVRO", contract.text)

    def encode(self, obj: bytes) -> bytes:
        return obj

    def decode(self, data: bytes) -> bytes:
        return data


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
    ) -> None:
        self._topic = broker.topic(topic)
        self._topics = [one.path for one in CLICK_TOPICS] if topic == CLICKS.path else [topic]
        self._contract = schemas.load(record)
        self._encode = encoder(self._contract)
        self._ids = EventIds()
        options: Any = {
            "batch_delay_ms": batch_delay_ms,
            "compression": compression,
            "most_pending": most_pending,
            "most_pending_bytes": most_pending_bytes,
        }
        self._spool = spool
        self._way: Outbox | Forwarder
        if spool is None:
            self._way = Outbox(
                broker,
                self._topics,
                self._contract.text,
                name=name,
                send_timeout_s=send_timeout_s,
                on_delivery=on_delivery,
                **options,
            )
            return
        if name is not None:
            raise ValueError(f"{spool.folder}: a spool has its own name; give none")
        try:
            spool.begin(self._topic, self._contract.text)
        except CannotRun:
            spool.close()
            raise
        # A batch that timed out while a later one got through would be taken for a repetition: none may time out.
        self._way = Forwarder(spool, partial(Outbox, broker, self._topics, send_timeout_s=0, **options), on_delivery)

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
    def unsent(self) -> int:
        """How many events are in the spool, and not known to be with the broker; 0 without a spool."""
        return 0 if self._spool is None else self._spool.events

    @property
    def trouble(self) -> str | None:
        """Why the spool is not being sent at the moment, or None."""
        return self._way.trouble if isinstance(self._way, Forwarder) else None

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
        self._way.send(self._encode(filled), key, filled, sequence_id, topic=self._to(filled.get("membership_tier")))
        return str(filled["event_id"])

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
        tier: object = None,
    ) -> None:
        """Send bytes as they are; `event` comes back in the delivery. For those who encode ahead.

        Clicks go by their shopper's `tier`, which is not looked for in the bytes.
        """
        self._way.send(payload, key, event, sequence_id, properties=properties, topic=self._to(tier))

    def _to(self, tier: object) -> int:
        """The number of the tier's topic."""
        return 0 if len(self._topics) == 1 else self._topics.index(clicks_of(tier).path)

    def flush(self) -> None:
        """Return when the broker has answered for everything sent so far; raises NotDelivered.

        With a spool, return when the broker has everything that is in it: not before it is back.
        """
        self._way.flush()

    def close(self, within_s: float = 10.0) -> None:
        """Flush, then disconnect. Twice is harmless.

        With a spool, give the broker `within_s` to take what is there; the rest (`unsent`) stays for the next process.
        """
        if isinstance(self._way, Forwarder):
            self._way.close(within_s)
        else:
            self._way.close()
