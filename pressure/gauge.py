"""Measure how far behind the readers of the clicks' topics are, in seconds, through the broker's admin.

Each job counts on every topic that it reads (stack/topics.py), and is as far behind as on the worst of them.

A job acknowledges at its checkpoints, so its acknowledged position is 10 s old where nothing is behind. What counts
here is the next entry that the broker has not handed out (`readPosition`): a reader that is full takes no more. What a
reader holds in its own queue, 1,000 messages a partition, is not seen.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from errors import CannotRun
from schemas.topics import DEFERRED, click_topics
from settings import Pulsar
from stack.pulsar_admin import PulsarAdmin
from stack.topics import MOVER, readers_among

NOT_FOUND = 404
PUBLISHED = "X-Pulsar-publish-time"
Position = tuple[int, int]


@dataclass(frozen=True)
class Measured:
    """Lags in seconds of the readers that are connected, each on its worst topic; who is missing on one of its topics;
    what waits on the side topic, and since when.

    `deferred` counts entries, each a batch of events.
    """

    lags_s: Mapping[str, float]
    away: tuple[str, ...]
    deferred: int
    deferred_since_ms: int | None
    measured_ms: int

    @property
    def furthest(self) -> tuple[str | None, float]:
        """The reader furthest behind and its lag; (None, 0) when none is behind."""
        name, lag_s = max(self.lags_s.items(), key=lambda reader: reader[1], default=(None, 0.0))
        return (name, lag_s) if lag_s > 0 else (None, 0.0)


class Gauge:
    """Measures one tenant's readers."""

    def __init__(self, broker: Pulsar, admin: PulsarAdmin, readers: Sequence[str]) -> None:
        self._clicks = {
            broker.topic(topic.path): readers_among(topic, readers) for topic in click_topics(broker.vip_topic)
        }
        self._deferred = broker.topic(DEFERRED.path)
        self._admin = admin
        # Where a reader stands still nothing is asked twice: by partition and reader.
        self._published: dict[tuple[str, str], tuple[Position, int | None]] = {}

    def measure(self) -> Measured:
        """How things stand now; raises Unreachable, or CannotRun where a topic is not there."""
        connected = {topic: self._connected(topic) for topic in self._clicks}
        oldest: dict[str, list[int]] = {}
        for topic, readers in self._clicks.items():
            there = [reader for reader in readers if reader in connected[topic]]
            for partition, state in self._partitions(topic):
                for reader in there:
                    found = oldest.setdefault(reader, [])
                    cursor = state["cursors"].get(reader)
                    at = None if cursor is None else unread(state, position(cursor["readPosition"]))
                    if at is not None:
                        found.append(self._published_ms(partition, reader, at) or 0)
        deferred, since = self.deferred()
        now_ms = time.time_ns() // 1_000_000
        return Measured(
            lags_s={
                reader: max([0.0, *((now_ms - published_ms) / 1000 for published_ms in found if published_ms)])
                for reader, found in oldest.items()
            },
            away=tuple(
                dict.fromkeys(
                    reader
                    for topic, readers in self._clicks.items()
                    for reader in readers
                    if reader not in connected[topic]
                )
            ),
            deferred=deferred,
            deferred_since_ms=since,
            measured_ms=now_ms,
        )

    def deferred(self) -> tuple[int, int | None]:
        """How many batches on the side topic were not moved, and when the oldest was sent."""
        entries = self._admin.backlog(self._deferred, MOVER)
        if not entries:
            return 0, None
        sent_ms = []
        for partition, state in self._partitions(self._deferred):
            ledger, entry = position(state["cursors"][MOVER]["markDeletePosition"])
            at = unread(state, (ledger, entry + 1))
            if at is not None:
                # One whose time cannot be told has waited for ever.
                sent_ms.append(self._published_ms(partition, MOVER, at) or 0)
        return entries, min(sent_ms, default=None)

    def _connected(self, topic: str) -> set[str]:
        subscriptions = self._admin.stats(topic)["subscriptions"]
        return {name for name, subscription in subscriptions.items() if subscription["consumers"]}

    def _partitions(self, topic: str) -> list[tuple[str, dict[str, Any]]]:
        path = topic.replace("://", "/")
        count = self._admin.get(f"/{path}/partitions")["partitions"]
        if not count:
            raise CannotRun(f"{topic}: is not there, or has no partitions; hongbao up makes it")
        names = [f"{path}-partition-{number}" for number in range(count)]
        return [(name, self._admin.get(f"/{name}/internalStats")) for name in names]

    def _published_ms(self, partition: str, reader: str, at: Position) -> int | None:
        """When the entry was published; None for one that is gone meanwhile."""
        known = self._published.get((partition, reader))
        if known is None or known[0] != at:
            # HEAD: an entry is a batch of up to 1 MiB.
            answer = self._admin.call("HEAD", f"/{partition}/ledger/{at[0]}/entry/{at[1]}", accept=(NOT_FOUND,))
            told = answer.headers.get(PUBLISHED)
            known = (at, None if told is None else int(datetime.fromisoformat(told).timestamp() * 1000))
            self._published[partition, reader] = known
        return known[1]


def position(text: str) -> Position:
    """Ledger and entry of `ledger:entry`."""
    ledger, entry = text.split(":")
    return int(ledger), int(entry)


def unread(state: Mapping[str, Any], at: Position) -> Position | None:
    """The first entry from `at` on that is there, or None when there is none yet; `state`: internalStats."""
    last = position(state["lastConfirmedEntry"])
    # A cursor that nobody has read with stands before the first entry, at -1.
    at = (at[0], max(0, at[1]))
    for ledger in state["ledgers"]:
        current = ledger is state["ledgers"][-1]
        entries = state["currentLedgerEntries"] if current else ledger["entries"]
        if ledger["ledgerId"] > at[0]:
            at = (ledger["ledgerId"], 0)
        if ledger["ledgerId"] == at[0] and at[1] < entries:
            return at if at <= last else None
    return None
