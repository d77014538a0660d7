"""Decide which events may wait, and when they do. Pure: the level and the time are arguments.

An event may wait when nobody is signed in, it is no VIP's and its type is one of the policy's. While the system is as
pressed as the policy says, those go to the side topic. A visitor whose events went there goes on there until the last
of them was moved: so one visitor's browsing stays in order.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import schemas
from errors import SettingsError
from pressure.level import Level
from schemas.topics import CLICKS, clicks_of
from settings import Deferral
from settings.reader import instead

# So many visitors are followed, about 100 bytes each. Of one too many the oldest is let go: its events may then come
# out of order.
MOST_VISITORS = 500_000
# A publisher's, the watcher's and another publisher's clock are taken to differ by less, a batch's delay included.
CLOCKS_MS = 5_000


def visitor(event: Mapping[str, Any], policy: Deferral) -> str | None:
    """Whose browsing the event is when it may wait: an anonymous_id; None when it may not."""
    if policy.when == "never" or event.get("user_id") or event["event_type"] not in policy.event_types:
        return None
    if clicks_of(event.get("membership_tier")) is not CLICKS:
        # The mover gives back to events/clicks alone; and VIPs wait for nobody.
        return None
    return event.get("anonymous_id") or None


def moved_until_ms(measured_ms: int, waiting_since_ms: int | None, queue_ms: int) -> int:
    """What was deferred before this moment is on events/clicks, as the watcher saw it at `measured_ms`.

    `waiting_since_ms` is when the oldest event that was not moved was sent, None without one; `queue_ms` how long the
    oldest that this publisher has deferred awaits the broker.
    """
    oldest_ms = measured_ms if waiting_since_ms is None else min(measured_ms, waiting_since_ms)
    return min(oldest_ms, measured_ms - queue_ms) - CLOCKS_MS


@dataclass
class Diversion:
    """Who is being deferred: by visitor, in the order of the last event, when that was."""

    policy: Deferral
    visitors: dict[str, int] = field(default_factory=dict)
    # So many events were deferred.
    events: int = 0

    def __post_init__(self) -> None:
        (known,) = (field["allowed"] for field in schemas.load(CLICKS.record).fields if field["name"] == "event_type")
        for name in self.policy.event_types:
            if name not in known:
                raise SettingsError(f"[deferral] event_types: {instead(name, known)}, got {name!r}")

    def takes(self, who: str | None, level: Level, moved_ms: int, now_ms: int) -> bool:
        """Whether the event of `who` (see `visitor`) goes to the side topic; what was sent there before `moved_ms` is
        on events/clicks by now.
        """
        self._release(moved_ms)
        if who is None:
            return False
        if who not in self.visitors and not self._begins(level):
            return False
        self.visitors.pop(who, None)
        self.visitors[who] = now_ms
        self.events += 1
        if len(self.visitors) > MOST_VISITORS:
            del self.visitors[next(iter(self.visitors))]
        return True

    def _begins(self, level: Level) -> bool:
        return self.policy.when != "never" and level.severity >= Level(self.policy.when).severity

    def _release(self, moved_ms: int) -> None:
        while self.visitors:
            who, sent_ms = next(iter(self.visitors.items()))
            if sent_ms >= moved_ms:
                return
            del self.visitors[who]
