"""Find a day's candidates in the warehouse: those of every pattern that comes along, reckoned from the events.

What landed as decisions knows no candidate that was for no campaign; it is asked for a shop's own patterns alone.
"""

import json
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from campaigns.judge import Candidate
from errors import ProblemFound
from jobs.campaign_rules import BUILT_IN
from ledger import expected_coupons, moments
from ledger.event import Event
from ledger.expected_coupons import Rules
from ledger.moments import Orders
from warehouse.connection import opened

FOLDER = Path(__file__).parent
ROWS = 10_000
# The jobs count so many categories of a shopper apart (docs/jobs.md).
CATEGORIES = 16
# A decision's features without the category's, and the newest categories.
Features = tuple[dict[str, Any], list[str]]
# Of the fields of a row: shopper_id, then Event's, then what an offer depends on.
OF_EVENT = slice(1, 12)


class Known(NamedTuple):
    """The [coupons] settings that features are reckoned by."""

    currency: str
    remember_buyers: timedelta
    remember_visitors: timedelta


def candidates(
    day: date,
    rules: Rules,
    folder: Path | None = None,
    patterns: Collection[str] = (),
    known: Known | None = None,
) -> list[Candidate]:
    """The candidates that fell due on the UTC day, by due time; `folder` is by default the settings' warehouse.

    `patterns` are those that campaigns name: what nothing else answers is found for them alone. The basket of a pattern
    that is not reckoned here is not known, and neither is its count (nth). Features come with those reckoned here where
    `known` is given; that reads every day there is.
    """
    begin = datetime.combine(day, time(), UTC)
    until = begin + timedelta(days=1)
    database, _ = opened(folder)
    try:
        events = {"day": day, "since": begin - timedelta(milliseconds=lead_ms(rules)), "until": until}
        buyers = _buyers(database, events, rules, patterns)
        features = {} if known is None else _features(database, events, known)
        found = [
            one
            for rows in _shoppers(database, events)
            for one in _of_shopper(rows, rules, until, patterns, buyers.get(rows[0][0]), features)
        ]
        reckoned = [*BUILT_IN, *(() if rules.thresholds is None else moments.PATTERNS)]
        decided = {"since": begin, "until": until, "reckoned": reckoned}
        answer = database.execute(_text("day_decisions"), decided)
        names = [column[0] for column in answer.description]
        found += [Candidate(**dict(zip(names, row, strict=True))) for row in answer.fetchall()]
    except duckdb.Error as error:
        raise ProblemFound(f"warehouse: {error}") from None
    finally:
        database.close()
    begin_ms = _ms(begin)
    return sorted((one for one in found if one.due_ms >= begin_ms), key=lambda one: (one.due_ms, one.cause_event_id))


def lead_ms(rules: Rules) -> int:
    """How long before the day an event may count: as far back as a view, or a basket that is not forgotten yet."""
    withins = [rules.hesitation_within_ms, rules.high_value_within_ms, rules.abandoned_after_ms]
    if rules.thresholds is not None:
        withins += [rules.thresholds.price_drop_within_ms, rules.thresholds.checkout_hesitation_within_ms]
    return rules.forget_after_ms + max(withins)


def _buyers(
    database: duckdb.DuckDBPyConnection, events: Mapping[str, Any], rules: Rules, patterns: Collection[str]
) -> dict[str, Orders]:
    """What the day's shoppers had bought before the events; it reads every day there is, so only for who asks."""
    if rules.thresholds is None or not {"nth_purchase", "lapsed_buyer"} & set(patterns):
        return {}
    rows = database.execute(_text("day_buyers"), events).fetchall()
    return {shopper_id: Orders(*orders) for shopper_id, *orders in rows}


def _of_shopper(
    rows: list[tuple[Any, ...]],
    rules: Rules,
    until: datetime,
    patterns: Collection[str],
    buyer: Orders | None,
    features: Mapping[str, Features],
) -> Iterator[Candidate]:
    events = [Event(*row[OF_EVENT]) for row in rows]
    until_ms = min(_ms(until), _ms(datetime.now(UTC)))
    places = {event.event_id: number for number, event in enumerate(events)}
    arrivals = [event.appended_ms for event in events]
    baskets = list(_baskets(events, rules))
    favourites = list(_favourites(rows, events, rules))
    matches = expected_coupons.candidates(events, rules, 0, until_ms)
    # The quiet that is as long as asked to the millisecond is told again by the next one.
    for found in {(one.rule, one.cause.event_id): one for one in reversed(list(matches))}.values():
        if found.at_ms >= _ms(until):
            continue
        place = last = places[found.cause.event_id]
        if found.rule == "abandoned_cart":
            # What is left behind is what the last event before the quiet made of it.
            last = bisect_right(arrivals, found.at_ms - rules.abandoned_after_ms) - 1
        one = _candidate(found.rule, rows[place], found.at_ms, baskets[last], favourites[last])
        yield replace(one, features=_about(one.category, features.get(events[last].event_id)))
    for moment in _moments(events, rules, patterns, buyer):
        place, due_ms = places[moment.event.event_id], moment.event.appended_ms
        one = _candidate(moment.rule, rows[place], due_ms, baskets[place], favourites[place], moment.nth)
        yield replace(one, features=_about(one.category, features.get(moment.event.event_id)))


def _features(database: duckdb.DuckDBPyConnection, events: Mapping[str, Any], known: Known) -> dict[str, Features]:
    """What was known of each shopper after each event that may be a moment of the day."""
    values = {"since": events["since"], "until": events["until"], **known._asdict()}
    rows = database.execute(_text("day_features"), values).fetchall()
    return {event_id: (json.loads(features), categories) for event_id, features, categories in rows}


def _about(category: str | None, found: Features | None) -> str | None:
    """The features as a decision has them, of an offer about the category."""
    if found is None:
        return None
    features, categories = found
    return json.dumps({**features, "of_category": None if category is None else categories.count(category)})


def _moments(
    events: list[Event], rules: Rules, patterns: Collection[str], buyer: Orders | None
) -> Iterator[moments.Moment]:
    if rules.thresholds is None:
        return
    for moment in moments.moments(events, rules.thresholds, buyer):
        if moment.rule in patterns:
            yield moment


def _candidate(
    rule: str, row: tuple[Any, ...], due_ms: int, basket_minor: int, favourite: str | None, nth: int | None = None
) -> Candidate:
    event = Event(*row[OF_EVENT])
    published_ms, category, tier = row[OF_EVENT.stop :]
    return Candidate(
        rule=rule,
        shopper_id=row[0],
        cause_event_id=event.event_id,
        membership_tier=tier,
        occurred_ms=event.occurred_ms,
        published_ms=published_ms,
        due_ms=due_ms,
        category=category,
        store_id=event.store_id,
        price_minor=event.price_minor,
        basket_minor=basket_minor,
        nth=nth,
        product_id=event.product_id,
        currency=event.currency,
        favourite_category=favourite,
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


def _favourites(rows: list[tuple[Any, ...]], events: list[Event], rules: Rules) -> Iterator[str | None]:
    """The category met most so far, the latest of several, after each event."""
    counts: dict[str, int] = {}
    before_ms = None
    for row, event in zip(rows, events, strict=True):
        if before_ms is not None and event.appended_ms - before_ms > rules.forget_after_ms:
            counts = {}
        before_ms = event.appended_ms
        category = row[OF_EVENT.stop + 1]
        if category is not None:
            # A new one beyond the bound takes the place and the count of the rarest.
            full = category not in counts and len(counts) == CATEGORIES
            counts[category] = 1 + counts.pop(min(counts, key=counts.__getitem__) if full else category, 0)
        yield max(reversed(counts), key=counts.__getitem__, default=None)


def _shoppers(database: duckdb.DuckDBPyConnection, values: dict[str, Any]) -> Iterator[list[tuple[Any, ...]]]:
    answer = database.execute(_text("day_events"), values)
    rows = (row for batch in iter(lambda: answer.fetchmany(ROWS), []) for row in batch)
    for _, events in groupby(rows, key=itemgetter(0)):
        yield list(events)


def _text(name: str) -> str:
    return (FOLDER / f"{name}.sql").read_text(encoding="utf-8")


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
