"""Publish the same minutes of a flash sale in every run, and reckon what must come of them.

The events follow from their number and the seed: visits of the simulated shop, so many at once as a sale has, every
hundredth message one that was sent before. Only the time they begin moves, because the contract refuses old ones.
"""

import random
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from errors import CannotRun
from ingest import Publisher
from ingest.event_id import EventIds
from ingest.shop import Shop, Step, visits
from ledger.event import Event
from ledger.expected_coupons import Coupon, Rules, expected
from schemas.topics import CLICKS
from settings import Pulsar
from stack.pulsar_admin import PulsarAdmin
from stack.topics import CONFLICT

# The sale that fell behind: 3 million events are its first five minutes.
EVENTS_PER_S = 10_000
# In five minutes a shopper comes once or twice; a visit has five to six events.
EVENTS_PER_SHOPPER = 6
# Visits under way at a time: each step some two seconds after the one before.
AT_ONCE = 20_000
REPEATED_SHARE = 0.01
# Keeps every message while the readers come and go.
KEEPER = "bench-keeper"
THIRD = 3


class Made(NamedTuple):
    """A message: its shopper, its step of a visit, and whether it was sent before."""

    key: str
    step: Step
    event_id: str
    occurred_ms: int
    repeated: bool


@dataclass(frozen=True)
class Books:
    """What the readers of a backlog must come to."""

    messages: int
    distinct: int
    # Shoppers' products seen so often, repeats included: peers do not deduplicate.
    thirds: int
    # By coupon id.
    coupons: dict[str, Coupon]


class Counts(NamedTuple):
    """Messages, events that are no repetition, and shoppers who have one."""

    messages: int
    distinct: int
    shoppers: int


def made(events: int, begins_ms: int, seed: int = 1, shoppers: int | None = None) -> Iterator[Made]:
    """The backlog's messages in the order they are sent; `shoppers`, by default, are as many as come in the time."""
    dice = random.Random(seed)
    ids = EventIds(random.Random(seed))
    arrivals = visits(Shop(shoppers=shoppers or max(1_000, events // EVENTS_PER_SHOPPER)), seed)
    active = [deque(next(arrivals)) for _ in range(min(AT_ONCE, max(1, events // 10)))]
    recent: deque[Made] = deque(maxlen=1_000)
    for number in range(events):
        if recent and dice.random() < REPEATED_SHARE:
            yield dice.choice(recent)._replace(repeated=True)
            continue
        at = dice.randrange(len(active))
        step = active[at].popleft()
        if not active[at]:
            active[at] = deque(next(arrivals))
        occurred_ms = begins_ms + number * 1_000 // EVENTS_PER_S
        one = Made(step["user_id"] or step["anonymous_id"], step, ids.next(occurred_ms), occurred_ms, False)
        recent.append(one)
        yield one


def begins_ms(events: int) -> int:
    """A moment from which the backlog's events are all past: a sale that has just ended."""
    return time.time_ns() // 1_000_000 - events * 1_000 // EVENTS_PER_S - 1_000


def publish(broker: Pulsar, events: int, begins_ms: int, shoppers: int | None = None) -> None:
    """Put the backlog on the clicks' topic, where it stays; raises CannotRun unless all of it arrives."""
    topic = broker.topic(CLICKS.path)
    with PulsarAdmin(broker.admin_url) as admin:
        admin.call("PUT", f"/{topic.replace('://', '/')}/subscription/{KEEPER}", "earliest", accept=(CONFLICT,))
        with Publisher(broker) as publisher:
            for one in made(events, begins_ms, shoppers=shoppers):
                publisher.send(publisher.encode(record(one)), one.key, None)
        if (found := int(admin.stats(topic)["msgInCounter"])) != events:
            raise CannotRun(f"bench: {found:,} of {events:,} events are on {topic}; is its tenant new?")


def record(one: Made) -> dict[str, Any]:
    """The whole event, as it is encoded."""
    return {**one.step, "event_id": one.event_id, "occurred_at": one.occurred_ms, "sent_at": one.occurred_ms}


def counts(messages: Iterable[Made]) -> Counts:
    """Count a backlog that is too long for its books."""
    count = distinct = 0
    shoppers = set()
    for one in messages:
        count += 1
        distinct += not one.repeated
        shoppers.add(one.key)
    return Counts(count, distinct, len(shoppers))


def books(messages: Iterable[Made], rules: Rules) -> Books:
    """Reckon the whole backlog in plain Python."""
    count, views = 0, Counter[tuple[str, str]]()
    by_shopper: defaultdict[str, list[Event]] = defaultdict(list)
    for one in messages:
        count += 1
        if one.step["event_type"] == "product_viewed":
            views[one.key, one.step["product_id"]] += 1
        if not one.repeated:
            by_shopper[one.key].append(_event(one))
    until_ms = max(event.appended_ms for events in by_shopper.values() for event in events)
    coupons = {
        coupon.coupon_id: coupon
        for shopper, events in by_shopper.items()
        for coupon in expected(shopper, events, rules, 0, until_ms)
    }
    distinct = sum(map(len, by_shopper.values()))
    return Books(count, distinct, sum(seen >= THIRD for seen in views.values()), coupons)


def _event(one: Made) -> Event:
    step = one.step
    # A backlog arrives at once; its order alone decides, and that is the order of event time here.
    return Event(
        one.event_id,
        step["event_type"],
        one.occurred_ms,
        one.occurred_ms,
        step.get("product_id"),
        step.get("price_minor"),
        step.get("quantity"),
        step.get("campaign_id"),
    )
