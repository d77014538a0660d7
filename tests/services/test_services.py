"""The four services over the same orders and claims: each effect once, whatever is repeated, killed or switched off."""

import random
from collections import Counter, defaultdict
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from coupons.database import Database
from schemas.topics import CLICKS, COUPONS, UNDELIVERED
from services import membership as members
from services import payment as payments
from services.claims import claims
from services.run import NAMES
from settings import Pulsar, Services
from stack.topics import REVIEW
from tests.coupons.messages import backlog, claim, click, coupon, order, publish
from tests.databases import AnyDatabase, rows
from tests.services.processes import services
from tests.waiting import eventually

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

PRODUCTS = ("tea", "shoes", "lamp", "coat")


@pytest.fixture
def urls(database: AnyDatabase, tmp_path: Path) -> str:
    """SQLite: a file a service; PostgreSQL: one database for the four."""
    return f"sqlite:{tmp_path}/{{service}}.db" if database.url.startswith("sqlite") else database.url


def rush(shoppers: int, orders: int, claimed: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Order lines, one to three an order, and claims."""
    dice = random.Random(5)
    lines = [
        order(f"u{number % shoppers}", f"o{number}", product_id=product, quantity=dice.randint(1, 3))
        for number in range(orders)
        for product in dice.sample(PRODUCTS, dice.randint(1, 3))
    ]
    return lines, [claim(f"u{number % shoppers}") for number in range(claimed)]


def repeated(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The events in their order, and a third of them once more, later."""
    dice = random.Random(6)
    return [*events, *dice.sample(events, len(events) // 3)]


def count(urls: str, service: str, table: str) -> int:
    found = rows(urls.replace("{service}", service), f"SELECT count(*) FROM {table}")
    return int(found[0][0]) if found else 0


def of(urls: str, service: str, query: str) -> list[tuple[Any, ...]]:
    return rows(urls.replace("{service}", service), query)


def test_all_four_do_their_part_of_the_same_orders_and_claims_once(
    own_topics: Pulsar, urls: str, tmp_path: Path
) -> None:
    lines, claimed = rush(shoppers=60, orders=1_000, claimed=600)
    given = [coupon(f"u{number}") for number in range(200)]
    with services(NAMES, own_topics, urls, tmp_path, {"HONGBAO_SERVICES_FIRST_STOCK": "500"}) as four:
        publish(own_topics, repeated(random.Random(8).sample([*lines, *claimed], len(lines) + len(claimed))))
        publish(own_topics, repeated(given), COUPONS)
        publish(own_topics, [click("qr_scanned", f"u{number}", store_id="s1") for number in range(50)])
        # Each is killed in the middle of it all, and started again.
        for service in four:
            service.kill()
            service.start()
        eventually(lambda: count(urls, "payment", "charges"), len(lines))
        eventually(lambda: count(urls, "membership", "points"), len(lines) + len(claimed))
        eventually(lambda: count(urls, "inventory", "reservations"), len(lines) + len(claimed))
        eventually(lambda: count(urls, "marketing", "coupons"), len(claimed) + len(given))
        eventually(lambda: count(urls, "marketing", "scans"), 50)
        for name in NAMES:
            eventually(lambda name=name: backlog(own_topics, CLICKS, name), 0, 20)  # type: ignore[misc]
    assert backlog(own_topics, UNDELIVERED, REVIEW) == 0

    totals: dict[str, int] = defaultdict(int)
    for line in lines:
        totals[line["order_id"]] += line["price_minor"] * line["quantity"]
    charged = "SELECT order_id, CAST(sum(amount_minor) AS BIGINT) FROM charges GROUP BY order_id"
    assert dict(of(urls, "payment", charged)) == totals

    assert of(urls, "membership", "SELECT sum(points) FROM points WHERE reason = 'claim'") == [(50 * len(claimed),)]

    stock = dict(of(urls, "inventory", "SELECT product_id, pieces FROM stock"))
    reserved = of(urls, "inventory", "SELECT product_id, pieces, outcome FROM reservations")
    taken: Counter[str] = Counter()
    for product, pieces, outcome in reserved:
        taken[product] += pieces if outcome == "reserved" else 0
    assert {product: stock[product] + taken[product] for product in stock} == dict.fromkeys(stock, 500)
    # There was less than was wanted: some went without, and nobody took what was not there.
    assert any(outcome == "out_of_stock" for _, _, outcome in reserved)
    assert min(stock.values()) >= 0

    found = claims(Services(database=urls))
    assert {one.event_id for one in found} == {event["event_id"] for event in claimed}
    assert all(one.complete and one.points == 50 for one in found)
    assert Counter(one.prize for one in found) == {"reserved": 500, "out_of_stock": 100}


def test_payment_that_was_off_catches_up_with_no_order_missing_and_none_charged_twice(
    own_topics: Pulsar, urls: str, tmp_path: Path
) -> None:
    before, _ = rush(shoppers=30, orders=150, claimed=0)
    while_off, _ = rush(shoppers=30, orders=1_000, claimed=0)
    with services(("payment", "membership"), own_topics, urls, tmp_path) as (payment, _membership):
        publish(own_topics, before)
        eventually(lambda: count(urls, "payment", "charges"), len(before))
        assert payment.stop() == 0
        publish(own_topics, repeated(while_off))
        # The others go on; what payment missed waits for it.
        eventually(lambda: count(urls, "membership", "points"), len(before) + len(while_off))
        assert count(urls, "payment", "charges") == len(before)
        assert backlog(own_topics, CLICKS, "payment") > 0
        payment.start()
        eventually(lambda: count(urls, "payment", "charges"), len(before) + len(while_off))
        eventually(lambda: backlog(own_topics, CLICKS, "payment"), 0, 20)
    charged = Counter(event_id for (event_id,) in of(urls, "payment", "SELECT event_id FROM charges"))
    assert charged == Counter(event["event_id"] for event in [*before, *while_off])


def test_claim_is_incomplete_until_all_three_have_done_their_part(
    own_topics: Pulsar, urls: str, tmp_path: Path
) -> None:
    won = claim("u1", product_id="lamp")
    config = Services(database=urls)
    with services(("membership", "marketing"), own_topics, urls, tmp_path):
        publish(own_topics, [won])
        eventually(
            lambda: [(one.event_id, one.points, one.coupon) for one in claims(config)], [(won["event_id"], 50, True)]
        )
        assert [(one.prize, one.complete) for one in claims(config)] == [(None, False)]
        with services(("inventory",), own_topics, urls, tmp_path):
            eventually(lambda: [one.complete for one in claims(config)], [True])
    assert of(urls, "inventory", "SELECT product_id, pieces, purpose FROM reservations") == [("lamp", 1, "prize")]


def test_two_inventories_share_one_stock_and_never_sell_more_than_there_is(
    own_topics: Pulsar, urls: str, tmp_path: Path
) -> None:
    lines, _ = rush(shoppers=200, orders=800, claimed=0)
    settings = {"HONGBAO_SERVICES_FIRST_STOCK": "300"}
    with services(("inventory", "inventory"), own_topics, urls, tmp_path, settings) as (one, _other):
        publish(own_topics, repeated(lines))
        one.kill()
        one.start()
        eventually(lambda: count(urls, "inventory", "reservations"), len(lines))
    stock = dict(of(urls, "inventory", "SELECT product_id, pieces FROM stock"))
    sold: Counter[str] = Counter()
    for product, pieces in of(
        urls, "inventory", "SELECT product_id, pieces FROM reservations WHERE outcome = 'reserved'"
    ):
        sold[product] += pieces
    assert min(stock.values()) >= 0
    assert {product: stock[product] + sold[product] for product in PRODUCTS} == dict.fromkeys(PRODUCTS, 300)
    assert backlog(own_topics, UNDELIVERED, REVIEW) == 0


def test_refunds_and_cancellations_undo_the_order_once_and_never_more(
    own_topics: Pulsar, urls: str, tmp_path: Path
) -> None:
    def line(order_id: str, shopper: str = "u1", **fields: Any) -> dict[str, Any]:
        return order(shopper, order_id, **{"quantity": 2, "price_minor": 500, **fields})

    kept, part, over, whole = (line(name) for name in ("kept", "part", "over", "whole"))
    cancelled = [line("cancelled", product_id=product) for product in ("tea", "lamp")]
    undone = [
        click("order_refunded", "u1", order_id="part", price_minor=500, quantity=1),
        # More than the order was.
        click("order_refunded", "u1", order_id="over", price_minor=500, quantity=7),
        click("order_refunded", "u1", order_id="whole"),
        click("order_refunded", "u1", order_id="whole"),
        click("order_cancelled", "u1", order_id="cancelled"),
        click("order_cancelled", "u1", order_id="cancelled"),
        # Heard before its order, of which nothing may remain.
        click("order_cancelled", "u2", order_id="early"),
    ]
    early = [line("early", "u2", product_id=product) for product in ("tea", "lamp")]
    events = [kept, part, over, whole, *cancelled, *undone, *early]
    settings = {"HONGBAO_SERVICES_FIRST_STOCK": "100"}
    names = ("payment", "inventory", "membership")
    with services(names, own_topics, urls, tmp_path, settings) as (payment, inventory, membership):
        publish(own_topics, repeated(events))
        for service in (payment, inventory, membership):
            service.kill()
            service.start()
        eventually(lambda: count(urls, "payment", "charges"), 8)
        for name in names:
            eventually(lambda name=name: backlog(own_topics, CLICKS, name), 0, 20)  # type: ignore[misc]
    assert backlog(own_topics, UNDELIVERED, REVIEW) == 0
    with closing(Database(urls.replace("{service}", "payment"))) as database, database.transaction(False) as effects:
        assert payments.orders(effects) == {
            "kept": 1_000,
            "part": 500,
            "over": 0,
            "whole": 0,
            "cancelled": 0,
            "early": 0,
        }
    with closing(Database(urls.replace("{service}", "membership"))) as database, database.transaction(False) as effects:
        assert [members.balance(effects, shopper) for shopper in ("u1", "u2")] == [15, 0]
    # Two pieces each of the four orders that were not cancelled.
    stock = dict(of(urls, "inventory", "SELECT product_id, pieces FROM stock"))
    assert stock == {"tea": 92, "lamp": 100}


def test_each_service_takes_its_kind_of_trigger(own_topics: Pulsar, urls: str, tmp_path: Path) -> None:
    triggers = [
        coupon("u1"),
        coupon("u1") | {"kind": "points", "points": 70, "offer": "seventy"},
        *(coupon(f"u{number}") | {"kind": "prize", "offer": "lantern"} for number in range(4)),
    ]
    names = ("inventory", "marketing", "membership")
    with services(names, own_topics, urls, tmp_path, {"HONGBAO_SERVICES_FIRST_STOCK": "3"}):
        publish(own_topics, repeated(triggers), COUPONS)
        for name in names:
            eventually(lambda name=name: backlog(own_topics, COUPONS, name), 0, 20)  # type: ignore[misc]
    assert of(urls, "marketing", "SELECT coupon_id FROM coupons") == [(triggers[0]["coupon_id"],)]
    assert of(urls, "membership", "SELECT shopper_id, points FROM given") == [("u1", 70)]
    outcomes = Counter(outcome for (outcome,) in of(urls, "inventory", "SELECT outcome FROM won"))
    assert outcomes == {"reserved": 3, "out_of_stock": 1}
    assert of(urls, "inventory", "SELECT product_id, pieces FROM stock") == [("lantern", 0)]
