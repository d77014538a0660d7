"""From the publisher to coupon, Parquet and quarantine, on the real broker and cluster."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pulsar
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import warehouse
from errors import CannotRun
from ingest import Delivery, Publisher
from jobs.coupons import Coupons
from jobs.submit import Submitted, submit_and_check
from prices import store as prices
from rehearsal.capacity import points
from rehearsal.phases import sale
from rehearsal.run import Load, rehearse
from schemas.topics import PRICES
from settings import Flink, Pulsar, Warehouse, read
from stack.flink_rest import FlinkRest
from tests.prices.rules import rule as price_rule
from tests.topics.everything import everything
from tests.waiting import eventually
from topics.avro import EncodedAvro
from warehouse import differences
from warehouse.connection import text

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

CURRENCY = "CNY"


@pytest.fixture(scope="module")
def jobs(broker: Pulsar) -> Iterator[list[Submitted]]:
    submitted = submit_and_check(["coupons", "landing", "conversion"])
    yield submitted
    with FlinkRest(read(Flink).rest_url) as rest:
        for job in submitted:
            rest.cancel_and_wait(job.job_id)


def click(user: str, kind: str = "product_viewed", **fields: Any) -> dict[str, Any]:
    """An event that holds its contract, now."""
    return {
        "event_type": kind,
        "user_id": user,
        "session_id": f"visit-of-{user}",
        "product_id": "p1",
        "category": "tea",
        "quantity": 1,
        "price_minor": 9_900,
        "currency": CURRENCY,
        "occurred_at": datetime.now(UTC),
        **fields,
    }


def rows(query: str, **values: Any) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in warehouse.query(query, values=values)]


def by_pyarrow(table: str) -> pa.Table:
    """Every file of the table as another reader of Parquet takes them."""
    files = (read(Warehouse).folder / table).glob("*/*/*.parquet")
    return pa.concat_tables(pq.ParquetFile(file).read() for file in files if not file.name.startswith("."))


def raw(broker: Pulsar, payload: bytes, key: str | None) -> str:
    """Publish bytes as they are, under the registered schema; the message's id."""
    delivered: list[Delivery] = []
    with Publisher(broker, on_delivery=delivered.append) as clicks:
        clicks.send(payload, key, None)
    assert delivered[0].message_id is not None
    return delivered[0].message_id


def unchecked(broker: Pulsar, event: dict[str, Any]) -> str:
    """Publish an event whose publisher does not hold it against the contract."""
    from ingest.event_id import EventIds

    filled = {"event_id": EventIds().next(), "sent_at": datetime.now(UTC), **event}
    with Publisher(broker) as clicks:
        payload = clicks.encode(filled)
    return raw(broker, payload, filled["user_id"])


def test_event_lands_once_and_its_repeat_is_accounted_for(broker: Pulsar, jobs: list[Submitted]) -> None:
    with Publisher(broker) as clicks:
        event_id = clicks.publish(click("once", properties={"screen": "large"}))
        clicks.publish({**click("once"), "event_id": event_id})
    eventually(lambda: rows("SELECT event_id FROM events WHERE shopper_id = 'once'"), [(event_id,)])
    eventually(lambda: rows("SELECT event_id FROM duplicates WHERE shopper_id = 'once'"), [(event_id,)])
    properties = [pair for maps in by_pyarrow("events")["properties"].to_pylist() for pair in maps]
    assert ("screen", "large") in properties


def test_third_view_without_an_add_earns_a_coupon(broker: Pulsar, jobs: list[Submitted]) -> None:
    with Publisher(broker) as clicks:
        ids = [clicks.publish(click("hesitant", product_id="p7", membership_tier="gold")) for _ in range(3)]
        for _ in range(2):
            clicks.publish(click("decided", product_id="p7"))
        clicks.publish(click("decided", "product_added", product_id="p7"))
        clicks.publish(click("decided", product_id="p7"))
    query = "SELECT rule, cause_event_id, membership_tier, discount_percent FROM coupons WHERE shopper_id = $who"
    eventually(lambda: rows(query, who="hesitant"), [("hesitation", ids[2], "gold", 15)])
    eventually(lambda: rows(f"{query} AND rule = 'hesitation'", who="decided"), [])


def test_basket_left_behind_earns_a_coupon_and_a_bought_one_does_not(broker: Pulsar, jobs: list[Submitted]) -> None:
    with Publisher(broker) as clicks:
        added = clicks.publish(click("leaver", "product_added", quantity=2))
        clicks.publish(click("buyer", "product_added"))
        clicks.publish(click("buyer", "order_completed", order_id="o1"))
    query = "SELECT rule, cause_event_id, basket_minor, due_at >= published_at + INTERVAL 3 SECOND FROM coupons"
    eventually(
        lambda: rows(f"{query} WHERE shopper_id = 'leaver'"),
        [("abandoned_cart", added, 19_800, True)],
    )
    assert rows(f"{query} WHERE shopper_id = 'buyer'") == []


def test_scanned_code_earns_a_coupon_within_a_second(broker: Pulsar, jobs: list[Submitted]) -> None:
    with Publisher(broker) as clicks:
        # The first runs through code that no event has run through yet.
        for who in ("early-scanner", "scanner"):
            clicks.publish(click(who, "qr_scanned", store_id="s1", product_id=None, price_minor=None))
            clicks.flush()
            eventually(partial(rows, "SELECT rule FROM coupons WHERE shopper_id = $who", who=who), [("qr_claim",)])
    query = "SELECT sent_at - published_at < INTERVAL 1 SECOND FROM coupons WHERE shopper_id = 'scanner'"
    assert rows(query) == [(True,)]


def test_features_of_each_decision_are_what_duckdb_finds_in_the_landed_events(
    broker: Pulsar, jobs: list[Submitted]
) -> None:
    """Of every decision in this module; here is a buyer who looks, buys twice, with a coupon, and leaves a basket."""
    with Publisher(broker) as clicks:
        clicks.publish(click("known", price_minor=700, category="shoes"))
        for order, coupon in (("k1", None), ("k1", "code"), ("k2", None)):
            clicks.publish(click("known", "order_completed", order_id=order, coupon_id=coupon, quantity=2))
        for _ in range(3):
            clicks.publish(click("known", product_id="p9", price_minor=1_100))
        added = clicks.publish(click("known", "product_added", product_id="p9", price_minor=1_100))
        clicks.publish(click("known", price_minor=700, category="shoes"))
    query = "SELECT rule, features ->> '$.spent_minor', features ->> '$.of_category' FROM decisions"
    eventually(
        lambda: set(rows(f"{query} WHERE shopper_id = 'known'")),
        {("hesitation", "59400", "6"), ("abandoned_cart", "59400", "7")},
    )
    assert rows("SELECT cause_event_id FROM decisions WHERE shopper_id = 'known' AND rule = 'abandoned_cart'") == [
        (added,)
    ]
    config = read(Coupons)
    values = {
        "currency": config.currency,
        "buyers_for": config.remember_buyers,
        "visitors_for": config.remember_visitors,
    }
    eventually(lambda: warehouse.query(text("feature_differences"), values=values), [])
    decided = rows("SELECT count(*), count(features), count(DISTINCT rule) FROM decisions")
    assert decided[0][0] == decided[0][1] >= 3
    assert decided[0][2] >= 2


@pytest.mark.parametrize(
    ("who", "broken", "field", "reason"),
    [
        ("unknown-type", {"event_type": "teleported"}, "event_type", "event_type is 'teleported'; it must be one of"),
        ("none", {"quantity": 0}, "quantity", "quantity is 0; the least is 1"),
        ("yuan", {"currency": "yuan"}, "currency", "currency is 'yuan'; it must be three capital letters"),
        ("ahead", {"occurred_at": datetime(2099, 1, 1, tzinfo=UTC)}, "occurred_at", "ms ahead; the most is 300000 ms"),
        (
            "behind",
            {"occurred_at": datetime(2020, 1, 1, tzinfo=UTC)},
            "occurred_at",
            "behind; the most is 604800000 ms",
        ),
        ("no-uuid", {"event_id": "17"}, "event_id", "event_id is '17'; it must be a UUID"),
    ],
)
def test_broken_rule_becomes_a_dead_letter(
    broker: Pulsar, jobs: list[Submitted], who: str, broken: dict[str, Any], field: str, reason: str
) -> None:
    message_id = unchecked(broker, {**click(who), **broken})
    query = "SELECT key, field, contains(reason, $reason), topic LIKE '%events/clicks%' FROM dead_letters"
    eventually(
        lambda: rows(f"{query} WHERE message_id = $message_id", reason=reason, message_id=message_id),
        [(who, field, True, True)],
    )


def test_bytes_that_are_no_avro_become_a_dead_letter_with_their_payload(broker: Pulsar, jobs: list[Submitted]) -> None:
    message_id = raw(broker, b"\xff\xfe no avro", "garbler")
    query = "SELECT payload, starts_with(reason, 'not a ClickEvent in Avro') FROM dead_letters WHERE message_id = $id"
    eventually(lambda: rows(query, id=message_id), [(b"\xff\xfe no avro", True)])
    assert b"\xff\xfe no avro" in by_pyarrow("dead_letters")["payload"].to_pylist()


def test_empty_key_becomes_a_dead_letter(broker: Pulsar, jobs: list[Submitted]) -> None:
    message_id = raw(broker, b"whatever", None)
    eventually(lambda: rows("SELECT field FROM dead_letters WHERE message_id = $id", id=message_id), [("key",)])


def test_conversion_equals_the_landed_events_less_the_late_ones(broker: Pulsar, jobs: list[Submitted]) -> None:
    with Publisher(broker) as clicks:
        for number in range(200):
            who = f"shopper-{number % 40}"
            kind = ("product_viewed", "product_added", "checkout_started", "order_completed")[number % 4]
            clicks.publish(click(who, kind, order_id=f"o-{number}", campaign_id="ny", product_id=f"p{number % 7}"))
        clicks.flush()
        # Quiet closes the windows; then a late event corrects one, and one too late is set apart.
        eventually(lambda: bool(rows("SELECT 1 FROM conversion WHERE dimension = 'campaign' LIMIT 1")), True)
        # Published already: the five minutes that hold all of them and reach back to where the late event belongs.
        late_at = datetime.now(UTC) - timedelta(minutes=2)
        five_minutes = (
            "SELECT viewers FROM conversion WHERE dimension = 'campaign' AND value = 'ny' AND window_kind = 'hop_5m' "
            "AND window_start = date_trunc('minute', CAST($at AS TIMESTAMPTZ))"
        )
        eventually(lambda: rows(five_minutes, at=late_at), [(10,)])
        clicks.publish(click("corrector", campaign_id="ny", occurred_at=late_at))
        late = clicks.publish(click("too-late", occurred_at=datetime.now(UTC) - timedelta(hours=2)))
    eventually(
        lambda: rows("SELECT event_id, field FROM late_events WHERE event_id = $id", id=late), [(late, "occurred_at")]
    )
    eventually(lambda: rows("SELECT count(*) FROM events WHERE event_id = $id", id=late), [(1,)])
    eventually(lambda: differences.conversion(CURRENCY), [], 90)
    eventually(lambda: differences.sessions(CURRENCY, timedelta(seconds=20)), [], 90)
    assert rows(five_minutes, at=late_at) == [(11,)]


def test_price_of_a_category_that_nobody_buys_falls_once_within_its_hold(broker: Pulsar, jobs: list[Submitted]) -> None:
    rule = price_rule(category="falling", window_kind="tumble_10s", hold_ms=3_600_000)
    prices.apply(broker, {"falling": rule, "kept": price_rule(category="kept", least_viewers=13)})
    query = "SELECT category, reason, price_percent, viewers, window_end - window_start FROM prices"
    with Publisher(broker) as clicks:

        def moved() -> list[tuple[Any, ...]]:
            at = datetime.now(UTC)
            for number in range(12):
                clicks.publish(click(f"looker-{number}", category="falling", occurred_at=at))
                clicks.publish(click(f"looker-{number}", category="kept", occurred_at=at))
            clicks.flush()
            return rows(query)

        eventually(moved, [("falling", "below_low", 90, 12, timedelta(seconds=10))])
    (sent,) = everything(broker, PRICES)
    (landed,) = warehouse.query("SELECT * EXCLUDE (event_date, event_hour) FROM prices")
    assert landed == {**sent, "price_id": str(sent["price_id"])}


def test_job_that_runs_is_not_submitted_twice(broker: Pulsar, jobs: list[Submitted]) -> None:
    with pytest.raises(CannotRun, match="landing runs already; hongbao jobs --cancel landing stops it"):
        submit_and_check(["landing"])


def test_schema_nobody_registered_is_refused(broker: Pulsar) -> None:
    import schemas

    client = pulsar.Client(broker.service_url, logger=pulsar.ConsoleLogger(pulsar.LoggerLevel.Error))
    try:
        with pytest.raises(pulsar.PulsarException, match="Incompatible"):
            client.create_producer(broker.topic("events/clicks"), schema=EncodedAvro(schemas.load("late_event")))
    finally:
        client.close()


def test_rehearsal_measures_the_jobs_that_run(broker: Pulsar, jobs: list[Submitted], tmp_path: Path) -> None:
    """Here, where the three jobs are: to submit them once more takes half a minute."""
    phases = sale(40, 200, 20, warm_up_s=2)
    found = rehearse(Load(phases), here=True, folder=tmp_path)
    samples = [sample for sample in found.run.samples if "topic" in sample]
    assert samples[-1]["topic"]["in"] - samples[0]["topic"]["in"] == sum(phase.events for phase in phases)
    assert any({"coupons", "landing", "conversion"} == set(one.vertices) for one in found.run.intervals)
    told = {one["phase"]: one for one in found.summary()["phases"]}
    assert list(told) == [phase.name for phase in phases]
    assert {"broker", "taskmanager-1", "jobmanager", "publisher", "subscriber"} <= set(told["peak"]["cores"])
    assert told["peak"]["latency_ms"]["all"]["coupons"] > 0
    assert told["afterglow"]["drain_s"] is not None
    # On a busy machine one may take longer than a phase.
    assert any("coupons" in phase["checkpoints"] for phase in told.values())
    assert found.layout.parallelism == {"coupons": 2, "landing": 2, "conversion": 2}
    assert json.loads((tmp_path / "points.json").read_text(encoding="utf-8")) == points(found.apart)
