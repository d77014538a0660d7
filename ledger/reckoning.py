"""Hold the coupons that were given against those that the rules must give for the landed events."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from ledger.account import Finding, text
from ledger.event import Event
from ledger.expected_coupons import Coupon, Rules, expected
from ledger.moments import Thresholds
from warehouse.connection import opened

if TYPE_CHECKING:
    from jobs.coupons import Coupons

# Added to the longest that any coupon waited: what was decided just as late, but gave none, left no trace.
SPARE_MS = 1_000
ROWS = 10_000
# What a campaign gives is not by these rules; but it counts for the shopper's day.
GIVEN = "SELECT coupon_id, rule || ' for ' || shopper_id FROM coupons WHERE campaign_version IS NULL"
ANSWERED = "SELECT DISTINCT rule FROM decisions WHERE campaign_version IS NOT NULL"
SERVED = "SELECT DISTINCT shopper_id FROM decisions WHERE campaign_version IS NOT NULL"


@dataclass(frozen=True)
class Reckoning:
    """Coupons that must be there, that may be there, and that are; findings are the differences.

    `slack_ms` is how late a decision may have been: within it a boundary was not held against the job.
    """

    expected: int
    either: int
    given: int
    slack_ms: int
    findings: list[Finding]


def rules_of(config: "Coupons") -> Rules:
    """The rules by the settings of the coupons job."""
    durations = (
        "hesitation_within",
        "abandoned_after",
        "high_value_within",
        "cooldown",
        "longest_past",
        "forget_after",
    )
    plain = ("campaign_id", "hesitation_views", "high_value_views", "high_value_price_minor", "most_per_day")
    return Rules(
        **{name: getattr(config, name) for name in plain},
        **_whole_ms(config, durations),
        thresholds=_thresholds(config),
    )


def _thresholds(config: "Coupons") -> Thresholds:
    durations = ("forget_after", "price_drop_within", "lapsed_after", "checkout_hesitation_within", "remember_buyers")
    return Thresholds(
        price_drop_percent=config.price_drop_percent,
        basket_threshold_minor=config.basket_threshold_minor,
        **_whole_ms(config, durations),
    )


def _whole_ms(config: "Coupons", names: Iterable[str]) -> dict[str, Any]:
    return {f"{name}_ms": getattr(config, name) // timedelta(milliseconds=1) for name in names}


def reckon(rules: Rules, folder: Path | None = None, slack_ms: int | None = None, apart: bool = False) -> Reckoning:
    """Reckon over the whole warehouse: a cooldown or a basket may have begun long before.

    Ask when the stream is quiet and everything has landed. `slack_ms` is by default the longest that a coupon of this
    warehouse waited for its decision, and a second more. With VIPs `apart` their coupons are another job's.
    """
    database, _ = opened(folder)
    try:
        ((longest_ms, until_ms),) = database.execute(text("clock")).fetchall()
        slack_ms = longest_ms + SPARE_MS if slack_ms is None else slack_ms
        answered = {rule for (rule,) in database.execute(ANSWERED).fetchall()}
        served = {shopper_id for (shopper_id,) in database.execute(SERVED).fetchall()}
        due = {
            coupon.coupon_id: (shopper_id, coupon._replace(certain=coupon.certain and shopper_id not in served))
            for shopper_id, events in _shoppers(database, apart)
            for coupon in expected(shopper_id, events, rules, slack_ms, until_ms, answered)
        }
        given = dict(database.execute(GIVEN).fetchall())
    finally:
        database.close()
    certain = {name: found for name, found in due.items() if found[1].certain}
    missing = [_missing(*found) for name, found in certain.items() if name not in given]
    undue = [
        Finding("coupon_not_due", name, f"{what}: the landed events do not earn it by the rules")
        for name, what in given.items()
        if name not in due
    ]
    return Reckoning(len(certain), len(due) - len(certain), len(given), slack_ms, missing + undue)


def _missing(shopper_id: str, coupon: Coupon) -> Finding:
    what = (
        f"{coupon.rule} for {shopper_id}: event {coupon.cause_event_id} landed and earns it, but it was never decided"
    )
    return Finding("coupon_not_given", coupon.coupon_id, what)


def _shoppers(database: duckdb.DuckDBPyConnection, apart: bool) -> Iterator[tuple[str, list[Event]]]:
    """Each shopper's events as one job sees them."""
    answer = database.execute(text("shoppers"), {"apart": apart})
    rows = (row for batch in iter(lambda: answer.fetchmany(ROWS), []) for row in batch)
    for (shopper_id, _), events in groupby(rows, key=lambda row: row[:2]):
        yield shopper_id, [Event(*event[2:]) for event in events]
