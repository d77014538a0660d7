"""Say how a rule would have moved its price on a day that landed."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import warehouse
from prices.decision import LIST_PRICE, Level, Window, decide
from prices.rule import PriceRule

WINDOWS = Path(__file__).parent / "day_windows.sql"


@dataclass(frozen=True)
class Moved:
    """A change that would have been; `at` is the end of the window that decided, UTC."""

    at: str
    reason: str
    price_percent: int


@dataclass(frozen=True)
class Day:
    """What a rule would have done: of `windows` of its kind, those with enough viewers could decide."""

    category: str
    windows: int
    with_enough_viewers: int
    lowest_percent: int
    highest_percent: int
    changes: list[Moved] = field(default_factory=list)


def on(day: date, rule: PriceRule, folder: Path | None = None) -> Day:
    """What the rule would have done on a landed UTC day, as if it had begun with it at the list price.

    The figures are those of now, late events included, which the job did not have when it decided.
    """
    values = {"day": day, "category": rule.category, "window_kind": rule.window_kind}
    found = warehouse.query(WINDOWS.read_text(encoding="utf-8"), folder, values)
    level, changes = Level(), []
    windows = [Window(*row.values()) for row in found]
    for window in windows:
        level, change = decide(rule, 1, level, window, window.end_ms)
        if change:
            end = datetime.fromtimestamp(window.end_ms / 1000, UTC)
            changes.append(Moved(end.isoformat(timespec="seconds"), change.reason, change.percent))
    percents = [LIST_PRICE, *(change.price_percent for change in changes)]
    enough = sum(window.viewers >= rule.least_viewers for window in windows)
    return Day(rule.category, len(windows), enough, min(percents), max(percents), changes)


def sentence(day: Day) -> str:
    """A day as a person reads it."""
    head = (
        f"{day.category}: {len(day.changes)} changes, between {day.lowest_percent} and {day.highest_percent} percent; "
        f"{day.with_enough_viewers} of {day.windows} windows had enough viewers"
    )
    return "\n".join([head, *(f"  {one.at} {one.price_percent} percent, {one.reason}" for one in day.changes)])
