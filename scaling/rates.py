"""Look at topics through Pulsar's admin: events published by now, and what each subscription has not acknowledged."""

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from scaling.forecast import RECENT
from scaling.history import MINUTE_S
from stack.pulsar_admin import PulsarAdmin


@dataclass(frozen=True)
class Counters:
    """What the broker counted since it loaded the topics, at `at_s`; `backlog_bytes` by subscription."""

    at_s: float
    events: int
    bytes: int
    backlog_bytes: Mapping[str, int]


def count(admin: PulsarAdmin, topics: Iterable[str], now_s: float) -> Counters:
    """The counters of partitioned topics, over all partitions; each topic as persistent://tenant/namespace/name."""
    return total(now_s, [_stats(admin, topic) for topic in topics])


def _stats(admin: PulsarAdmin, topic: str) -> dict[str, Any]:
    path = topic.replace("://", "/")
    found: dict[str, Any] = admin.get(f"/{path}/partitioned-stats?perPartition=false&subscriptionBacklogSize=true")
    return found


def total(now_s: float, stats: Iterable[Mapping[str, Any]]) -> Counters:
    """One look of each topic's stats; a subscription's backlog is that of all the topics which have it."""
    events = bytes_ = 0
    backlog: Counter[str] = Counter()
    for one in stats:
        events += int(one["msgInCounter"])
        bytes_ += int(one["bytesInCounter"])
        backlog.update({name: int(found.get("backlogSize", 0)) for name, found in one["subscriptions"].items()})
    return Counters(now_s, events, bytes_, backlog)


@dataclass
class Rates:
    """The looks of the last hour, as rates."""

    _looks: deque[Counters] = field(default_factory=deque)

    def add(self, look: Counters) -> None:
        """Take a look up; a broker that was started again counts from 0, and what was before says nothing any more."""
        if self._looks and look.events < self._looks[-1].events:
            self._looks.clear()
        self._looks.append(look)
        # One more than the hour: the first minute needs a look at its beginning.
        while self._looks[0].at_s < look.at_s - (RECENT + 1) * MINUTE_S:
            self._looks.popleft()

    @property
    def known(self) -> bool:
        """Whether there are two looks to make a rate of."""
        return len(self._looks) > 1

    @property
    def events_per_s(self) -> float:
        """Published between the last two looks."""
        before, now = self._looks[-2], self._looks[-1]
        return (now.events - before.events) / (now.at_s - before.at_s)

    def recent(self) -> np.ndarray:
        """Events/s of each of the last minutes, the newest last; at least one, of less than a minute at the start."""
        at_s = np.array([look.at_s for look in self._looks])
        events = np.array([look.events for look in self._looks], dtype=float)
        minutes = int((at_s[-1] - at_s[0]) // MINUTE_S)
        if minutes == 0:
            return np.array([(events[-1] - events[0]) / (at_s[-1] - at_s[0])])
        ends = at_s[-1] - MINUTE_S * np.arange(minutes, -1, -1)
        found: np.ndarray = np.diff(np.interp(ends, at_s, events)) / MINUTE_S
        return found

    def waiting(self, subscription: str, unacknowledged_s: float) -> float:
        """Events that the subscription has not acknowledged, beyond those published within `unacknowledged_s`.

        A job acknowledges what a checkpoint holds, so that events of its interval are in every backlog. The broker
        counts a backlog's batches, not its events: its bytes over the bytes of an event are those.
        """
        last = self._looks[-1]
        if last.events == 0 or last.bytes == 0:
            return 0.0
        events = last.backlog_bytes.get(subscription, 0) / (last.bytes / last.events)
        return max(0.0, events - self.events_per_s * unacknowledged_s)
