"""Each effect once, over both databases: repeats, failures, poison, a database that is away."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from coupons import Effects, Handler, Inbox, Message, Subscriber
from errors import ProblemFound, Undeliverable, Unreachable
from ingest import Publisher
from schemas.topics import CLICKS, UNDELIVERED
from settings import Pulsar, Subscribers
from stack.topics import REVIEW
from tests.coupons.messages import backlog, click, order, publish, publish_bytes, running, undelivered
from tests.databases import AnyDatabase, rows
from tests.waiting import eventually

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]

# No primary key: a second effect would show.
TABLES = (
    """
    CREATE TABLE IF NOT EXISTS lines (
        shopper TEXT NOT NULL, order_id TEXT NOT NULL, event_id TEXT NOT NULL, at_ns BIGINT NOT NULL)
    """,
)
FAST = Subscribers(attempts=4, retry_first=timedelta(milliseconds=20), retry_most=timedelta(milliseconds=100))


def note(effects: Effects, message: Message) -> None:
    effects.execute(
        "INSERT INTO lines VALUES (:shopper, :order_id, :event_id, :at_ns)",
        shopper=message.key,
        order_id=message.value["order_id"],
        event_id=message.id,
        at_ns=time.monotonic_ns(),
    )


def failing(fails: Callable[[Message], bool], error: type[Exception] = RuntimeError) -> Handler:
    """A handler that notes the order, and then raises for some."""

    def handle(effects: Effects, message: Message) -> None:
        note(effects, message)
        if fails(message):
            raise error(f"no {message.value['order_id']} today")

    return handle


def service(
    broker: Pulsar, database: AnyDatabase, handler: Handler = note, config: Subscribers = FAST, name: str = "orders"
) -> Subscriber:
    return Subscriber(
        broker,
        topics=(CLICKS,),
        subscription=name,
        inbox=Inbox(database.url, TABLES),
        handlers={"order_completed": handler},
        config=config,
    )


def orders_of(database: AnyDatabase, shopper: str) -> list[str]:
    """In the order of their effects, by a clock that all processes share: PostgreSQL fills the gaps of what failed."""
    found = rows(database, "SELECT shopper, order_id FROM lines ORDER BY at_ns")
    return [order_id for who, order_id in found if who == shopper]


def lines(database: AnyDatabase) -> list[str]:
    return sorted(event_id for (event_id,) in rows(database, "SELECT event_id FROM lines"))


def ids(events: list[dict[str, Any]]) -> list[str]:
    return sorted(event["event_id"] for event in events)


def test_service_needs_no_access_to_the_brokers_admin(own_topics: Pulsar, database: AnyDatabase) -> None:
    events = [order("u1", "o1"), order("u2", "o2")]
    publish(own_topics, events)
    with running(service(own_topics.model_copy(update={"admin_url": "http://127.0.0.1:1"}), database)):
        eventually(lambda: lines(database), ids(events))


def test_event_that_comes_three_times_has_its_effect_once(own_topics: Pulsar, database: AnyDatabase) -> None:
    events = [order(f"u{number % 7}", f"o{number}") for number in range(300)]
    others = [click("product_list_viewed", f"u{number % 7}") for number in range(300)]
    with running(service(own_topics, database)) as first:
        publish(own_topics, [*events, *others, *events])
        eventually(lambda: first.counts["repeated"], 300)
    # And once more, to a process that has seen none of it.
    with running(service(own_topics, database)) as second:
        publish(own_topics, events)
        eventually(lambda: dict(second.counts), {"repeated": 300})
    assert lines(database) == ids(events)
    assert first.counts == {"handled": 300, "ignored": 300, "repeated": 300}
    # Whoever stops gracefully has acknowledged all it has done.
    eventually(lambda: backlog(own_topics, CLICKS, "orders"), 0, 10)


def test_lines_of_one_order_are_each_an_effect(own_topics: Pulsar, database: AnyDatabase) -> None:
    events = [order("u1", "o1", product_id=product) for product in ("tea", "shoes", "lamp")]
    with running(service(own_topics, database)):
        publish(own_topics, events)
        eventually(lambda: orders_of(database, "u1"), ["o1", "o1", "o1"])


def test_what_fails_is_tried_again_in_its_shoppers_order_and_nobody_else_waits(
    own_topics: Pulsar, database: AnyDatabase
) -> None:
    mended = threading.Event()
    handler = failing(lambda message: message.value["order_id"] == "slow-0" and not mended.is_set())
    patient = FAST.model_copy(update={"attempts": 1_000})
    with running(service(own_topics, database, handler, patient)) as subscriber:
        publish(own_topics, [order("slow", f"slow-{number}") for number in range(30)])
        eventually(lambda: subscriber.counts["failed"] >= 3, True)
        publish(own_topics, [order(f"quick-{number}", "o") for number in range(30)])
        eventually(lambda: len(lines(database)), 30)
        assert orders_of(database, "slow") == []
        mended.set()
        eventually(lambda: len(lines(database)), 60)
    assert orders_of(database, "slow") == [f"slow-{number}" for number in range(30)]


def test_poison_goes_to_the_topic_that_holds_it_and_the_rest_goes_on(own_topics: Pulsar, database: AnyDatabase) -> None:
    handler = failing(lambda message: message.value["order_id"] == "poison")
    poison, good = order("u1", "poison"), [order("u1", "before"), order("u1", "after")]
    with running(service(own_topics, database, handler)) as subscriber:
        publish(own_topics, [good[0], poison, good[1]])
        eventually(lambda: subscriber.counts["undelivered"], 1)
        eventually(lambda: orders_of(database, "u1"), ["before", "after"])
    (record,) = undelivered(own_topics, 1)
    assert record["subscription"] == "orders"
    assert record["topic"].startswith(own_topics.topic(f"{CLICKS.path}-partition-"))
    assert len(record["message_id"].split(":")) == 4
    assert (record["key"], record["inbox_id"], record["attempts"]) == ("u1", poison["event_id"], 4)
    assert record["reason"] == "RuntimeError: no poison today"
    assert b"poison" in record["payload"]
    assert record["published_at"] <= record["first_seen_at"] < record["last_seen_at"]
    # The subscription holds it until somebody acknowledges; the service's own is done.
    assert backlog(own_topics, UNDELIVERED, REVIEW) == 1
    eventually(lambda: backlog(own_topics, CLICKS, "orders"), 0, 10)
    assert rows(database, "SELECT * FROM attempts") == []
    # Who corrects the service and sends it again has it handled.
    with running(service(own_topics, database)):
        publish_bytes(own_topics, record["payload"], record["key"])
        eventually(lambda: orders_of(database, "u1"), ["before", "after", "poison"])


def test_what_no_attempt_can_help_is_tried_once(own_topics: Pulsar, database: AnyDatabase) -> None:
    handler = failing(lambda message: True, Undeliverable)
    with running(service(own_topics, database, handler)) as subscriber:
        publish(own_topics, [order("u1", "o1")])
        eventually(lambda: subscriber.counts["undelivered"], 1)
    (record,) = undelivered(own_topics, 1)
    assert (record["attempts"], record["reason"]) == (1, "Undeliverable: no o1 today")
    assert lines(database) == []


def test_bytes_that_are_no_event_and_broken_rules_are_not_tried_at_all(
    own_topics: Pulsar, database: AnyDatabase
) -> None:
    with Publisher(own_topics) as publisher:
        broken = publisher.encode({**order("u2", "o2", quantity=0), "sent_at": order("", "")["occurred_at"]})
    with running(service(own_topics, database)) as subscriber:
        publish_bytes(own_topics, b"\xff\xfe no avro", "u1")
        publish_bytes(own_topics, broken, "u2")
        publish(own_topics, [order("u1", "o1"), order("u2", "o2")])
        eventually(lambda: dict(subscriber.counts), {"undelivered": 2, "handled": 2})
    found = {record["key"]: record for record in undelivered(own_topics, 2)}
    assert found["u1"]["payload"] == b"\xff\xfe no avro"
    assert found["u1"]["reason"].startswith("not a click_event in Avro: ")
    assert found["u2"]["reason"] == "click_event: quantity is 0; the least is 1"
    assert {record["attempts"] for record in found.values()} == {0}


def test_event_a_month_old_is_charged_all_the_same(own_topics: Pulsar, database: AnyDatabase) -> None:
    old = order("u1", "o1")
    long_ago = old["occurred_at"] - timedelta(days=30)
    with Publisher(own_topics) as publisher:
        payload = publisher.encode({**old, "occurred_at": long_ago, "sent_at": long_ago})
    with running(service(own_topics, database)):
        publish_bytes(own_topics, payload, "u1")
        eventually(lambda: lines(database), [old["event_id"]])


def test_database_that_is_away_is_waited_for(
    own_topics: Pulsar, database: AnyDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    before = [order(f"u{number % 5}", f"o{number}") for number in range(20)]
    while_away = [order(f"u{number % 5}", f"o{number}") for number in range(200)]
    with running(service(own_topics, database)) as subscriber:
        publish(own_topics, before)
        eventually(lambda: len(lines(database)), 20)
        with database.away(), caplog.at_level(logging.WARNING):
            publish(own_topics, while_away)
            # It has tried several times, which would be enough for quarantine.
            eventually(lambda: any("orders: waiting: " in record.message for record in caplog.records), True)
            assert subscriber.counts["handled"] == 20
        eventually(lambda: len(lines(database)), 220)
        assert set(subscriber.counts) == {"handled"}
    assert lines(database) == ids([*before, *while_away])
    assert backlog(own_topics, UNDELIVERED, REVIEW) == 0


def test_service_that_fails_at_everything_stops_before_it_drains_the_topic(
    own_topics: Pulsar, database: AnyDatabase
) -> None:
    once = Subscribers(attempts=1, most_undelivered_in_a_row=5)
    events = [order(f"u{number}", f"o{number}") for number in range(50)]
    publish(own_topics, events)
    stopped = r"orders: 5 messages in a row went to quarantine/undelivered, the last .* no o\d+ today; correct"
    with (
        pytest.raises(ProblemFound, match=stopped),
        running(service(own_topics, database, failing(lambda message: True), once)) as subscriber,
    ):
        eventually(lambda: subscriber.counts["undelivered"], 5)
    given_up = {record["inbox_id"] for record in undelivered(own_topics, 5)}
    assert backlog(own_topics, UNDELIVERED, REVIEW) == 5
    # What was not given up is still there, for the corrected service; of the rest what shared a batch with it.
    with running(service(own_topics, database)):
        eventually(lambda: set(ids(events)) - given_up <= set(lines(database)), True)
    assert len(lines(database)) == len(set(lines(database)))


def test_what_was_given_up_is_not_put_into_quarantine_again(own_topics: Pulsar, database: AnyDatabase) -> None:
    def poisoned(effects: Effects, message: Message) -> None:
        if message.value["order_id"] == "poison":
            raise RuntimeError("poison")
        note(effects, message)

    def waiting(effects: Effects, message: Message) -> None:
        poisoned(effects, message)
        raise Unreachable("the warehouse does not answer")

    impatient = FAST.model_copy(update={"attempts": 1})
    # One batch, which the broker sends again as a whole because its second message was not acknowledged.
    publish(own_topics, [order("u1", "poison"), order("u1", "good")], batch_delay_ms=5_000)
    with running(service(own_topics, database, waiting, impatient)) as first:
        eventually(lambda: first.counts["undelivered"], 1)
    with running(service(own_topics, database, poisoned, impatient)) as second:
        eventually(lambda: dict(second.counts), {"undelivered": 1, "handled": 1})
    assert orders_of(database, "u1") == ["good"]
    assert backlog(own_topics, UNDELIVERED, REVIEW) == 1


def test_services_with_one_database_each_have_every_effect(own_topics: Pulsar, database: AnyDatabase) -> None:
    events = [order(f"u{number % 3}", f"o{number}") for number in range(50)]
    one, other = service(own_topics, database, name="one"), service(own_topics, database, name="other")
    with running(one), running(other):
        publish(own_topics, events)
        eventually(lambda: lines(database), sorted(ids(events) * 2))


def test_two_processes_of_one_service_share_the_partitions_and_repeat_nothing(
    own_topics: Pulsar, database: AnyDatabase
) -> None:
    events = [order(f"u{number % 40}", f"o{number}") for number in range(2_000)]
    with running(service(own_topics, database)) as one:
        publish(own_topics, events[:1_000])
        eventually(lambda: one.counts["handled"] > 0, True)
        # The second joins while the first has fetched ahead what is now the second's.
        with running(service(own_topics, database)) as other:
            publish(own_topics, events[1_000:])
            eventually(lambda: len(lines(database)), 2_000)
            assert one.counts["handled"] > 0
            assert other.counts["handled"] > 0
    assert lines(database) == ids(events)
    for shopper in ("u0", "u39"):
        wanted = [event["order_id"] for event in events if event["user_id"] == shopper]
        assert orders_of(database, shopper) == wanted


def test_message_older_than_it_remembers_is_forgotten(own_topics: Pulsar, database: AnyDatabase) -> None:
    event = order("u1", "o1")
    with running(service(own_topics, database)):
        publish(own_topics, [event])
        eventually(lambda: len(lines(database)), 1)
    forgetful = FAST.model_copy(update={"remember": timedelta(0)})
    with running(service(own_topics, database, config=forgetful)):
        eventually(lambda: rows(database, "SELECT * FROM inbox"), [])
