"""Find a day's candidates in the warehouse: those of the patterns that the ledger knows, reckoned from the events.

What landed as decisions knows no candidate that was for no campaign; it is asked for the other patterns alone.
"""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import duckdb

from campaigns.judge import Candidate
from errors import ProblemFound
from ledger import expected_coupons
from ledger.expected_coupons import Event, Rules
from warehouse.connection import opened

FOLDER = Path(__file__).parent
RECKONED = ["abandoned_cart", "hesitation", "high_value_browsing", "qr_claim"]
ROWS = 10_000
# Of the fields of a row: shopper_id, then Event's, then what an offer depends on.
OF_EVENT = slice(1, 9)


def candidates(day: date, rules: Rules, folder: Path | None = None) -> list[Candidate]:
    """The candidates that fell due on the UTC day, by due time; `folder` is by default the settings' warehouse.

    The basket of a pattern that is not reckoned here is not known, and neither is its count (nth).
    """
    begin = datetime.combine(day, time(), UTC)
    until = begin + timedelta(days=1)
    database, _ = opened(folder)
    try:
        events = {"day": day, "since": begin - timedelta(milliseconds=lead_ms(rules)), "until": until}
        found = [one for rows in _shoppers(database, events) for one in _of_shopper(rows, rules, until)]
        decided = {"since": begin, "until": until, "reckoned": RECKONED}
        found += [Candidate(*row) for row in database.execute(_text("day_decisions"), decided).fetchall()]
    except duckdb.Error as error:
        raise ProblemFound(f"warehouse: {error}") from None
    finally:
        database.close()
    begin_ms = _ms(begin)
    return sorted((one for one in found if one.due_ms >= begin_ms), key=lambda one: (one.due_ms, one.cause_event_id))


def lead_ms(rules: Rules) -> int:
    """How long before the day an event may count: as far back as a view, or a basket that is not forgotten yet."""
    return rules.forget_after_ms + max(rules.hesitation_within_ms, rules.high_value_within_ms, rules.abandoned_after_ms)


def _of_shopper(rows: list[tuple[Any, ...]], rules: Rules, until: datetime) -> Iterator[Candidate]:
    events = [Event(*row[OF_EVENT]) for row in rows]
    until_ms = min(_ms(until), _ms(datetime.now(UTC)))
    places = {event.event_id: number for number, event in enumerate(events)}
    arrivals = [event.appended_ms for event in events]
    baskets = list(_baskets(events, rules))
    matches = expected_coupons.candidates(events, rules, 0, until_ms)
    # The quiet that is as long as asked to the millisecond is told again by the next one.
    for found in {(one.rule, one.cause.event_id): one for one in reversed(list(matches))}.values():
        if found.at_ms >= _ms(until):
            continue
        place = last = places[found.cause.event_id]
        if found.rule == "abandoned_cart":
            # What is left behind is what the last event before the quiet made of it.
            last = bisect_right(arrivals, found.at_ms - rules.abandoned_after_ms) - 1
        published_ms, category, store_id, tier = rows[place][OF_EVENT.stop :]
        yield Candidate(
            rule=found.rule,
            shopper_id=rows[place][0],
            cause_event_id=found.cause.event_id,
            membership_tier=tier,
            occurred_ms=found.cause.occurred_ms,
            published_ms=published_ms,
            due_ms=found.at_ms,
            category=category,
            store_id=store_id,
            price_minor=found.cause.price_minor,
            basket_minor=baskets[last],
        )


def _baskets(events: list[Event], rules: Rules) -> Iterator[int]:
    """The worth of the shopper's basket after each event."""
    basket_minor, before_ms = 0, None
    for event in events:
        if before_ms is not None and event.appended_ms - before_ms > rules.forget_after_ms:
            basket_minor = 0
        before_ms = event.appended_ms
        value = (1 if event.quantity is None else event.quantity) * (event.price_minor or 0)
        match event.event_type:
            case "product_added":
                basket_minor += value
            case "product_removed":
                basket_minor = max(0, basket_minor - value)
            case "order_completed":
                basket_minor = 0
        yield basket_minor


def _shoppers(database: duckdb.DuckDBPyConnection, values: dict[str, Any]) -> Iterator[list[tuple[Any, ...]]]:
    answer = database.execute(_text("day_events"), values)
    rows = (row for batch in iter(lambda: answer.fetchmany(ROWS), []) for row in batch)
    for _, events in groupby(rows, key=itemgetter(0)):
        yield list(events)


def _text(name: str) -> str:
    return (FOLDER / f"{name}.sql").read_text(encoding="utf-8")


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
