"""Say which moments that only campaigns answer are in a shopper's events: a second reckoning, apart from the jobs.

app_claim, price_drop, nth_purchase, lapsed_buyer, basket_threshold and checkout_hesitation, by arrival, as
jobs/patterns/*.sql define them. What a shopper did before the events given is `Orders`; baskets, steps and prices begin
with the first.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ledger.event import Event

# So many events, products and orders of a shopper are remembered (docs/jobs.md).
EVENTS, PRODUCTS, ORDERS = 64, 16, 8
PATTERNS = ("app_claim", "basket_threshold", "checkout_hesitation", "lapsed_buyer", "nth_purchase", "price_drop")
# What the shop does about an order is no visit of the shopper's.
OF_THE_SHOP = ("order_updated", "order_refunded", "order_cancelled")
CHECKOUT = ("product_added", "checkout_started", "cart_viewed")


@dataclass(frozen=True)
class Thresholds:
    """The [coupons] settings that decide; durations in milliseconds, money in minor units."""

    forget_after_ms: int
    price_drop_percent: int
    price_drop_within_ms: int
    lapsed_after_ms: int
    basket_threshold_minor: int
    checkout_hesitation_within_ms: int
    remember_buyers_ms: int


@dataclass
class Orders:
    """What came before: how many orders, the newest ids, when the last was placed and the shopper seen last."""

    count: int = 0
    newest: list[str | None] = field(default_factory=list)
    ordered_ms: int = 0
    seen_ms: int = 0


class Moment(NamedTuple):
    """A pattern matched at the event; `nth` where it counts."""

    rule: str
    event: Event
    nth: int | None = None


@dataclass
class _Visit:
    """What is forgotten after a quiet; `peak_minor` is the most that the open basket was worth."""

    events: list[Event] = field(default_factory=list)
    basket_minor: int = 0
    peak_minor: int = 0


def moments(events: Sequence[Event], thresholds: Thresholds, before: Orders | None = None) -> Iterator[Moment]:
    """Every match of one shopper's events, which came in this order."""
    visit, prices, orders = _Visit(), dict[tuple[str | None, str | None], Event](), before or Orders()
    arrived_ms = None
    for event in events:
        quiet_ms = 0 if arrived_ms is None else event.appended_ms - arrived_ms
        arrived_ms = event.appended_ms
        if quiet_ms >= thresholds.forget_after_ms:
            visit = _Visit()
        if quiet_ms >= max(thresholds.forget_after_ms, thresholds.price_drop_within_ms):
            prices = {}
        if quiet_ms >= max(thresholds.forget_after_ms, thresholds.remember_buyers_ms):
            orders = Orders()
        visit.events = [*visit.events, event][-EVENTS:]
        if _lapsed(orders, event, thresholds):
            yield Moment("lapsed_buyer", event)
        match event.event_type:
            case "product_viewed":
                if _dropped(prices, event, thresholds):
                    yield Moment("price_drop", event)
            case "product_added" | "product_removed":
                if _crossed(visit, event, thresholds):
                    yield Moment("basket_threshold", event)
            case "order_completed":
                visit.basket_minor = visit.peak_minor = 0
                nth = _number(orders, event)
                if nth is not None:
                    yield Moment("nth_purchase", event, nth)
            case "cart_viewed":
                if _back_from_checkout(visit.events, thresholds.checkout_hesitation_within_ms):
                    yield Moment("checkout_hesitation", event)
            case "red_envelope_claimed" if event.store_id is None:
                yield Moment("app_claim", event)


def _lapsed(orders: Orders, event: Event, thresholds: Thresholds) -> bool:
    if orders.count == 0 or event.event_type in OF_THE_SHOP:
        return False
    before_ms = orders.seen_ms - orders.ordered_ms
    orders.seen_ms = max(orders.seen_ms, event.occurred_ms)
    passed = before_ms < thresholds.lapsed_after_ms <= orders.seen_ms - orders.ordered_ms
    return passed and event.event_type != "order_completed"


def _dropped(prices: dict[tuple[str | None, str | None], Event], event: Event, thresholds: Thresholds) -> bool:
    key = event.product_id, event.currency
    before = prices.get(key)
    if before is not None and before.occurred_ms > event.occurred_ms:
        return False
    # The last look is the newest of a dict only when it is put in anew.
    prices.pop(key, None)
    prices[key] = event
    if len(prices) > PRODUCTS:
        del prices[next(iter(prices))]
    return (
        before is not None
        and event.occurred_ms - before.occurred_ms <= thresholds.price_drop_within_ms
        and _price(event) * 100 <= _price(before) * (100 - thresholds.price_drop_percent)
    )


def _crossed(visit: _Visit, event: Event, thresholds: Thresholds) -> bool:
    value = (1 if event.quantity is None else event.quantity) * _price(event)
    if event.event_type == "product_removed":
        visit.basket_minor = max(0, visit.basket_minor - value)
        visit.peak_minor *= visit.basket_minor > 0
        return False
    before_minor = visit.peak_minor
    visit.basket_minor += value
    visit.peak_minor = max(before_minor, visit.basket_minor)
    return before_minor < thresholds.basket_threshold_minor <= visit.basket_minor


def _number(orders: Orders, event: Event) -> int | None:
    orders.ordered_ms = max(orders.ordered_ms, event.occurred_ms)
    orders.seen_ms = max(orders.seen_ms, event.occurred_ms)
    if event.order_id in orders.newest:
        return None
    orders.count += 1
    orders.newest = [*orders.newest, event.order_id][-ORDERS:]
    return orders.count


def _back_from_checkout(events: Sequence[Event], within_ms: int) -> bool:
    """Whether the last event completes the three steps; what came before an order, or an earlier one, is spent."""
    added_ms: int | None = None
    started_ms: int | None = None
    completed = False
    for event in events:
        completed = False
        match event.event_type:
            case "product_added":
                added_ms = event.occurred_ms if added_ms is None else max(added_ms, event.occurred_ms)
            case "checkout_started" if added_ms is not None:
                # Of two ways to the checkout the one that began later.
                started_ms = added_ms if started_ms is None else max(started_ms, added_ms)
            case "cart_viewed" if started_ms is not None and event.occurred_ms - started_ms <= within_ms:
                completed, added_ms, started_ms = True, None, None
            case "order_completed":
                added_ms = started_ms = None
    return completed


def _price(event: Event) -> int:
    return event.price_minor or 0
