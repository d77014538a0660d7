"""Say how each applied price rule stands: its version, and where the price is by now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import warehouse
from prices.decision import LIST_PRICE
from prices.rule import PriceRule
from prices.store import Found, Version

NEWEST = "FROM prices QUALIFY row_number() OVER (PARTITION BY category ORDER BY window_end DESC) = 1"


@dataclass(frozen=True)
class Standing:
    """One applied rule. `state` is active, paused or unreadable; `file` is same, differs or none.

    The price is as landed, some seconds old, in whole percent of the list price; `changed_at` is None before its
    first change.
    """

    category: str
    version: int
    state: str
    file: str
    applied_at: str
    price_percent: int
    changed_at: str | None


def standings(found: Found, rules: Mapping[str, PriceRule], folder: Path | None = None) -> list[Standing]:
    """How each rule on the topic stands, by category; `rules` are the files, `folder` the warehouse."""
    landed = {row["category"]: row for row in warehouse.query(NEWEST, folder)}
    rows = []
    for category, version in sorted(found.newest.items()):
        newest = landed.get(category, {})
        rows.append(
            Standing(
                category=category,
                version=version.version,
                state=version.status if version.rule else "unreadable",
                file=_file(rules.get(category), version),
                applied_at=_text(version.applied_at),
                price_percent=newest.get("price_percent", LIST_PRICE),
                changed_at=_text(newest["decided_at"]) if newest else None,
            )
        )
    return rows


def _file(rule: PriceRule | None, version: Version) -> str:
    if rule is None:
        return "none"
    return "same" if rule == version.rule else "differs"


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
