"""Handle every message of a subscription once: receive, effect and inbox in one transaction, acknowledge.

topics, by priority -> wanted? -> handler + inbox, one transaction -> acknowledged
                                  fails: held back, tried again  -> quarantine/undelivered
"""

import logging
import random
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from enum import Enum, auto

import pulsar

from coupons import inbox as inboxes
from coupons.attempts import Attempts
from coupons.database import Effects
from coupons.held import Held, delay_s
from coupons.inbox import Inbox, Key
from coupons.lanes import Lanes, acknowledge
from coupons.message import Message, Receipt, check, decoded
from coupons.signals import told_to_stop
from coupons.undelivered import Undelivered
from errors import ProblemFound, Undeliverable, Unreachable
from schemas.topics import UNDELIVERED, Topic
from settings import Pulsar
from settings.sections import Subscribers
from topics.avro import Writers
from topics.client import connect

log = logging.getLogger(__name__)

# Handlers write to the database through the transaction they are given, and to nothing else.
Handler = Callable[[Effects, Message], None]
# A transaction stays open no longer: others wait for its rows.
GROUP_S = 0.05
AWAY_FIRST_S, AWAY_MOST_S = 0.1, 5.0
# Two processes that met in one row part at the next attempt; more than that is worth a line.
AWAY_TOLD = 3
FORGET_EVERY_S = 600.0


class Fate(Enum):
    """What became of a message in its transaction; counted under these names."""

    handled = auto()
    repeated = auto()
    ignored = auto()
    failed = auto()
    behind = auto()
    undelivered = auto()


class Subscriber:
    """A service: `handlers` by kind of message (see Message.kind); other kinds are acknowledged and ignored.

    `topics` are in order of priority. A handler's statements and the inbox's row are one transaction. It raises
    Undeliverable for a message that no attempt can help, Unreachable when what it needs is away (everything waits
    then, nothing counts as an attempt), anything else to be called again later. For one thread, but for `stop`.
    """

    def __init__(
        self,
        broker: Pulsar,
        *,
        topics: Sequence[Topic],
        subscription: str,
        inbox: Inbox,
        handlers: Mapping[str, Handler],
        config: Subscribers | None = None,
    ) -> None:
        self._broker, self._topics, self._subscription = broker, topics, subscription
        self._inbox, self._handlers, self._config = inbox, handlers, config or Subscribers()
        self._undelivered = Undelivered(broker, subscription)
        self._attempts = Attempts(inbox, subscription)
        first_s, most_s = self._config.retry_first.total_seconds(), self._config.retry_most.total_seconds()
        self._held = Held(first_s, most_s)
        # Received or due, and next: before anything new.
        self._again: deque[Receipt] = deque()
        self._stopping = threading.Event()
        self._away, self._undelivered_in_a_row = 0, 0
        # Smaller after each conflict with another process, until the two no longer meet.
        self._most = self._config.group
        self._forget_at_s = 0.0
        self.counts: Counter[str] = Counter()

    def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Handle messages until `stop`, or in the main thread SIGTERM or SIGINT; what is in hand is finished.

        `ready` is called when the subscriptions exist. Raises Unreachable without a broker, ProblemFound when message
        after message is undelivered.
        """
        with ExitStack() as open_until_end:
            open_until_end.enter_context(told_to_stop(self.stop))
            client = open_until_end.enter_context(_connected(self._broker))
            open_until_end.callback(self._inbox.close)
            open_until_end.callback(self._undelivered.close)
            self._writers = {topic: Writers(client, topic.record) for topic in self._topics}
            most_in_a_row = self._config.most_in_a_row
            self._lanes = Lanes(client, self._broker, self._topics, self._subscription, most_in_a_row)
            ready()
            while not self._stopping.is_set():
                self._step()

    def stop(self) -> None:
        """Finish the message in hand and return from `run`. From any thread."""
        self._stopping.set()

    def _step(self) -> None:
        until_s = time.monotonic() + GROUP_S
        try:
            if time.monotonic() >= self._forget_at_s:
                self._forget()
            receipt = self._next(until_s)
            found = self._group(receipt) if receipt is not None else []
        except Unreachable as error:
            self._wait_out(error)
            return
        for settled, fate in found:
            self._settle(settled, fate)
        if found:
            self._well()
        elif time.monotonic() < until_s:
            self._wait()

    def _next(self, until_s: float) -> Receipt | None:
        """The next message that a handler wants; the others are acknowledged on the way."""
        while not self._stopping.is_set() and time.monotonic() < until_s:
            if not self._again:
                self._again.extend(self._held.due())
            full = len(self._held) >= self._config.most_held
            receipt = self._again.popleft() if self._again else None if full else self._lanes.take()
            if receipt is None:
                return None
            if self._held.holds(receipt.order_key):
                self._held.behind(receipt)
            elif self._wanted(receipt):
                return receipt
            else:
                self._settle(receipt, Fate.ignored)
        return None

    def _wanted(self, receipt: Receipt) -> bool:
        try:
            if receipt.message is None:
                receipt.message = decoded(self._writers[receipt.topic], receipt.topic, receipt.raw)
            if receipt.message.kind not in self._handlers:
                return False
            check(receipt.topic, receipt.message)
        except Undeliverable as error:
            receipt.reason, receipt.hopeless = str(error), True
        except Unreachable:
            self._again.appendleft(receipt)
            raise
        return True

    def _group(self, receipt: Receipt) -> list[tuple[Receipt, Fate]]:
        """Handle this and what else is there in one transaction; raises Unreachable with nothing done or lost."""
        most = 1 if self._attempts.careful else self._most
        until_s = time.monotonic() + GROUP_S
        found: list[tuple[Receipt, Fate]] = []
        failed: set[str] = set()
        following: Receipt | None = receipt
        try:
            self._attempts.count_ahead(receipt)
            with self._inbox.transaction() as effects:
                while following is not None:
                    receipt = following
                    found.append((receipt, Fate.behind))
                    if receipt.order_key not in failed:
                        found[-1] = (receipt, self._handle(effects, receipt))
                    if found[-1][1] is Fate.failed:
                        failed.add(receipt.order_key)
                    following = self._next(until_s) if len(found) < most else None
        except Unreachable:
            self._again.extendleft(one for one, _ in reversed(found or [(receipt, Fate.behind)]))
            self._attempts.uncount(self._again[0])
            raise
        return found

    def _handle(self, effects: Effects, receipt: Receipt) -> Fate:
        if receipt.hopeless:
            return Fate.undelivered
        message, key = receipt.message, receipt.inbox_key(self._subscription)
        assert message is not None
        if receipt.attempts > self._config.attempts:
            receipt.reason = receipt.reason or "the process ended each time while this was in hand"
            return Fate.undelivered
        try:
            with effects.savepoint():
                if not inboxes.add(effects, key):
                    return Fate.repeated
                self._handlers[message.kind](effects, message)
                if receipt.attempts:
                    inboxes.forget_attempts(effects, key)
        except Unreachable:
            raise
        except Exception as error:
            receipt.reason = f"{type(error).__name__}: {error}"[:2_000]
            more = 0 if receipt.counted else 1
            receipt.attempts, receipt.first_seen_ms = inboxes.count_attempt(effects, key, more)
            hopeless = isinstance(error, Undeliverable) or receipt.attempts >= self._config.attempts
            log.log(
                logging.ERROR if hopeless else logging.WARNING,
                "%s: attempt %d at %s %s failed: %s",
                *(self._subscription, receipt.attempts, message.kind, message.id, receipt.reason),
            )
            return Fate.undelivered if hopeless else Fate.failed
        return Fate.handled

    def _settle(self, receipt: Receipt, fate: Fate) -> None:
        """After the commit: acknowledge, hold back or give up."""
        receipt.counted = False
        match fate:
            case Fate.failed:
                self._held.retry(receipt)
            case Fate.behind:
                self._held.behind(receipt)
                return
            case Fate.undelivered:
                self._give_up(receipt)
                return
            case _:
                acknowledge(receipt)
        self.counts[fate.name] += 1
        if fate is Fate.handled:
            self._undelivered_in_a_row = 0

    def _give_up(self, receipt: Receipt) -> None:
        # By the message and not by its id: who corrects it and sends it again has all attempts again.
        given_up = Key(self._subscription, UNDELIVERED.record, f"{receipt.raw.topic_name()} {receipt.message_id}")
        try:
            with self._inbox.transaction() as effects:
                known = inboxes.has(effects, given_up)
            if not known:
                self._undelivered.send(receipt)
            with self._inbox.transaction() as effects:
                inboxes.add(effects, given_up)
                if receipt.attempts:
                    inboxes.forget_attempts(effects, receipt.inbox_key(self._subscription))
        except Unreachable as error:
            log.warning("%s: cannot give up %s yet: %s", self._subscription, receipt.message_id, error)
            self._held.retry(receipt)
            return
        acknowledge(receipt)
        self.counts[Fate.undelivered.name] += 1
        # Bytes that are no message are the publisher's fault; they say nothing about this service.
        self._undelivered_in_a_row += not receipt.hopeless
        if self._undelivered_in_a_row >= self._config.most_undelivered_in_a_row:
            raise ProblemFound(
                f"{self._subscription}: {self._undelivered_in_a_row} messages in a row went to quarantine/undelivered, "
                f"the last because of {receipt.reason}; correct the service before it starts again"
            )

    def _wait(self) -> None:
        """Nothing is there: wait for a message, or where no more may be held for the next attempt."""
        if len(self._held) >= self._config.most_held:
            self._stopping.wait(0.02)
        elif (receipt := self._lanes.wait()) is not None:
            self._again.append(receipt)

    def _wait_out(self, error: Unreachable) -> None:
        """What is needed is away, or held by another process: no message's fault."""
        self._away += 1
        self._most = max(1, self._most // 2)
        if self._away == AWAY_TOLD:
            log.warning("%s: waiting: %s", self._subscription, error)
        self._stopping.wait(delay_s(self._away, AWAY_FIRST_S, AWAY_MOST_S))

    def _well(self) -> None:
        if self._away >= AWAY_TOLD:
            log.warning("%s: back after %d attempts", self._subscription, self._away)
        self._away, self._most = 0, min(self._most + 1, self._config.group)

    def _forget(self) -> None:
        before_ms = int((time.time() - self._config.remember.total_seconds()) * 1000)
        with self._inbox.transaction() as effects:
            more = inboxes.forget(effects, before_ms)
        # By chance, so that the processes of one subscription do not all do it at once.
        self._forget_at_s = time.monotonic() + (0 if more else FORGET_EVERY_S * random.uniform(0.5, 1.5))


@contextmanager
def _connected(broker: Pulsar) -> Iterator[pulsar.Client]:
    client = connect(broker)
    try:
        yield client
    finally:
        try:
            client.close()
        except pulsar.PulsarException:
            pass  # a broker that is gone needs no goodbye
