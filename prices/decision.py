"""Decide, window by window, what a category's price becomes. Pure; the conversion job's Pricing.java decides the same.

windows of a category that are over, in order -> out of bounds -> moved into them at once
                                              -> enough viewers, hold past -> below low: a step down, above high: up
"""

from dataclasses import dataclass, replace
from hashlib import md5
from typing import NamedTuple
from uuid import UUID

from prices.rule import PriceRule

LIST_PRICE = 100
# Between the parts of an id; of these only a category could hold it, and that comes first.
SEPARATOR = "\x1f"


class Window(NamedTuple):
    """A window's figures when it was over; times in milliseconds since 1970, event time."""

    kind: str
    start_ms: int
    end_ms: int
    viewers: int
    buyers: int


@dataclass(frozen=True)
class Level:
    """Where a category's price stands, in whole percent of the list price, and what the next decision must know.

    `changed_end_ms` is the end of the window that moved it last, `changed_ms` when that was decided.
    """

    percent: int = LIST_PRICE
    changed_end_ms: int | None = None
    changed_ms: int | None = None
    decided_end_ms: int | None = None


class Change(NamedTuple):
    """One change of a price, in whole percent of the list price."""

    price_id: str
    reason: str
    previous_percent: int
    percent: int


def decide(rule: PriceRule, version: int, level: Level, window: Window, now_ms: int) -> tuple[Level, Change | None]:
    """The level after a window that was over at `now_ms`, and the change if it is one.

    A window that does not end after every window decided before decides nothing: so each decides at most once.
    """
    if window.kind != rule.window_kind or (level.decided_end_ms is not None and window.end_ms <= level.decided_end_ms):
        return level, None
    level = replace(level, decided_end_ms=window.end_ms)
    percent, reason = _wanted(rule, level, window, now_ms)
    if percent == level.percent:
        return level, None
    change = Change(price_id(rule.category, window, version), reason, level.percent, percent)
    return replace(level, percent=percent, changed_end_ms=window.end_ms, changed_ms=now_ms), change


def _wanted(rule: PriceRule, level: Level, window: Window, now_ms: int) -> tuple[int, str]:
    within = min(max(level.percent, rule.floor_percent), rule.ceiling_percent)
    if within != level.percent:
        # A new version's bounds are a promise, its hold a comfort.
        return within, "bounds"
    if window.viewers < rule.least_viewers or _held(rule, level, window, now_ms):
        return within, ""
    rate = window.buyers / window.viewers
    if rate < rule.low:
        return max(within - rule.step_percent, rule.floor_percent), "below_low"
    if rate > rule.high:
        return min(within + rule.step_percent, rule.ceiling_percent), "above_high"
    return within, ""


def _held(rule: PriceRule, level: Level, window: Window, now_ms: int) -> bool:
    """By the job's clock too: it catches up an outage's hours in minutes, and shoppers see prices by the clock."""
    if level.changed_end_ms is None or level.changed_ms is None:
        return False
    return window.end_ms - level.changed_end_ms < rule.hold_ms or now_ms - level.changed_ms < rule.hold_ms


def price_id(category: str, window: Window, version: int) -> str:
    """The same window decided by the same version always has the same id."""
    parts = (category, window.kind, str(window.start_ms), str(version))
    # As Java's UUID.nameUUIDFromBytes.
    return str(UUID(bytes=md5(SEPARATOR.join(parts).encode(), usedforsecurity=False).digest(), version=3))
