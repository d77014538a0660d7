"""Send what a spool holds to the broker, in order a shopper, for as often as it takes.

A session is one connection: it starts at the first event that is not known to be with the broker. What an earlier
session may have sent goes out once more, each event alone: the broker drops what it has, and of a batch it would drop
nothing unless it has the whole of it (see lane.py).
"""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from errors import HongbaoError, Refused, SpoolDamaged
from ingest.lane import Delivery
from ingest.outbox import AWAY_S, LARGEST_BYTES, Outbox
from ingest.spool import Spool
from ingest.spool_age import SpoolAge

# Between two attempts to reach the broker.
RETRY_S = 1.0
# Then it connects anew: the client's own attempts grow to a minute apart.
PATIENCE_S = AWAY_S
# How long an idle forwarder goes without looking at its spool, and one that awaits answers.
IDLE_S, ANSWER_S = 1.0, 0.02


class Forwarder:
    """Takes events into a spool and sends them from there, in a thread of its own."""

    def __init__(
        self,
        spool: Spool,
        open_outbox: Callable[..., Outbox],
        on_delivery: Callable[[Delivery], None] | None,
    ) -> None:
        self._spool = spool
        self._open_outbox = open_outbox
        self._on_delivery = on_delivery
        self._age = SpoolAge(time.monotonic())
        # The events of this process that await their answer, by position, for those who asked for deliveries.
        self._events: dict[int, Any] = {}
        # What an earlier process left and was delivered.
        self._older: set[int] = set()
        self._stopped = threading.Event()
        self._closed = False
        self._broken: BaseException | None = None
        # Why nothing is sent at the moment.
        self.trouble: str | None = None
        self._thread = threading.Thread(target=self._run, name=f"forwarder of {spool.folder}", daemon=True)
        self._thread.start()

    def send(
        self,
        payload: bytes,
        key: str | None,
        event: Any,
        position: int | None = None,
        properties: Mapping[str, str] | None = None,
        topic: int = 0,
    ) -> None:
        """Take an event; raises SpoolFull with the event not taken."""
        if properties:
            raise ValueError(f"{self._spool.folder}: a spool keeps an event's bytes and key; give no properties")
        if position is not None:
            raise ValueError(f"{self._spool.folder}: a spool gives the sequence ids; give none")
        if len(payload) > LARGEST_BYTES:
            raise Refused(f"{self._spool.folder}: the event has {len(payload):,} bytes; the most is {LARGEST_BYTES:,}")
        if self._on_delivery is None:
            position = self._spool.append(key, payload, topic=topic)
        else:
            position = self._spool.append(
                key, payload, lambda position: self._events.__setitem__(position, event), topic
            )
        self._age.appended(position, time.monotonic())

    @property
    def unsent(self) -> int:
        """How many events are not known to be with the broker."""
        return self._spool.events

    @property
    def waits_s(self) -> float:
        """For how many seconds the oldest event in the spool has waited, a quarter of one at most too many.

        What an earlier process left has waited since this one began.
        """
        if not self._spool.events:
            return 0.0
        return self._age.oldest_s(self._spool.acknowledged, time.monotonic())

    @property
    def away(self) -> bool:
        """Whether nothing can be sent at the moment."""
        return self.trouble is not None

    def flush(self, within_s: float | None = None) -> None:
        """Return when the broker has everything, or after `within_s`; raises what keeps it from ever having it."""
        self._spool.flush()
        until_s = None if within_s is None else time.monotonic() + within_s
        while self._spool.events and (until_s is None or time.monotonic() < until_s):
            if self._broken is not None:
                raise self._broken
            self._spool.wait_acknowledged(ANSWER_S)

    def close(self, within_s: float) -> None:
        """Send for at most `within_s` more; what is left stays in the spool. Twice is harmless."""
        if self._closed:
            return
        self._closed = True
        try:
            self.flush(within_s)
        finally:
            self._stopped.set()
            self._spool.wake()
            self._thread.join()
            self._spool.close()

    def _run(self) -> None:
        try:
            while not self._stopped.is_set():
                try:
                    self._session()
                except SpoolDamaged:
                    raise
                except HongbaoError as error:
                    self.trouble = str(error)
                    self._stopped.wait(RETRY_S)
        except BaseException as error:
            self._broken = error
            self._spool.fail(error)

    def _session(self) -> None:
        """Connect, and send until something goes wrong, the schema changes or this forwarder is closed."""
        spool = self._spool
        delivered = self._delivered if self._on_delivery is not None else None
        schema = spool.schema(spool.acknowledged)
        outbox = self._open_outbox(schema, name=spool.producer, patience_s=PATIENCE_S, on_delivery=delivered)
        try:
            if self._fits(outbox):
                self.trouble = None
                self._forward(outbox)
        except BaseException:
            outbox.abandon()
            raise
        outbox.abandon() if self._stopped.is_set() else outbox.close()

    def _fits(self, outbox: Outbox) -> bool:
        """Whether what the broker knows of our name is what this spool sent; if not, the next session has another.

        With other partitions a shopper's events would meet another partition's positions, and with those of a copy of
        this folder: the broker would drop what it never had. Under a new name it may take some twice instead.
        """
        spool, partitions = self._spool, len(outbox.taken)
        foreign = any(spool.sent < taken >= spool.base for taken in outbox.taken)
        if foreign or spool.partitions not in (0, partitions):
            spool.rename()
            return False
        if not spool.partitions:
            spool.settle(partitions)
        return True

    def _forward(self, outbox: Outbox) -> None:
        spool = self._spool
        maybe_sent = spool.sent
        for records, behind in spool.read(spool.acknowledged):
            if self._stopped.is_set():
                return
            if records:
                spool.sending(behind - 1)
                for position, key, payload, topic in records:
                    outbox.send(payload, key, position, position, alone=position <= maybe_sent, topic=topic)
                spool.acknowledge(outbox.answered_below(behind))
                continue
            outbox.check()
            answered = outbox.answered_below(behind)
            spool.acknowledge(answered)
            spool.wait(IDLE_S if answered == behind else ANSWER_S)
        outbox.flush()
        spool.acknowledge(outbox.answered_below(behind))

    def _delivered(self, delivery: Delivery) -> None:
        """Once an event: what one session got through without noting it, the next hears of again."""
        position = delivery.event
        if delivery.failure is not None or self._on_delivery is None:
            return
        if position < self._spool.base:
            if position not in self._older:
                self._older.add(position)
                self._on_delivery(delivery._replace(event=None))
        elif position in self._events:
            self._on_delivery(delivery._replace(event=self._events.pop(position)))
