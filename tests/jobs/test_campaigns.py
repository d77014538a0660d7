"""Campaigns in the running job: taken up without a restart, decided by the newest version, never overspent."""

import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import warehouse
from campaigns import store
from campaigns.definition import Campaign
from ingest import Publisher
from jobs.submit import submit_and_check
from model import store as models
from model.definition import written
from schemas.topics import COUPONS, OFFER_MODELS
from settings import Flink, Pulsar, Stack, read
from stack.flink_rest import FlinkRest
from stack.processes import Service
from tests.campaigns import files
from tests.jobs.test_path import click
from tests.topics.everything import everything
from tests.waiting import eventually
from topics.versions import Versions

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

PIECES = 50


def campaign(name: str, **changed: Any) -> Campaign:
    """One of scans that runs now."""
    plain: dict[str, Any] = {"starts_ms": 0, "ends_ms": 4_000_000_000_000, "patterns": ("qr_claim",)}
    return files.campaign(name, **plain | changed)


@pytest.fixture(scope="module")
def job(broker: Pulsar) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as environment:
        # Long enough that a failure comes well after the newest one.
        environment.setenv("HONGBAO_COUPONS_CHECKPOINT_INTERVAL", "8 s")
        # No event may be older than a week.
        environment.setenv("HONGBAO_COUPONS_LAPSED_AFTER", "5 d")
        (submitted,) = submit_and_check(["coupons"])
    yield submitted.job_id
    with FlinkRest(read(Flink).rest_url) as rest:
        rest.cancel_and_wait(submitted.job_id)


def scan(who: str, store_id: str) -> dict[str, Any]:
    return click(who, "qr_scanned", store_id=store_id, product_id=None, price_minor=None)


def on_topic(broker: Pulsar, shop: str) -> list[dict[str, Any]]:
    """Every coupon sent for shoppers of one shop, from the beginning of the topic."""
    return [coupon for coupon in everything(broker, COUPONS) if str(coupon["shopper_id"]).startswith(f"{shop}-")]


def outcomes(shop: str) -> Counter[str]:
    query = "SELECT outcome, count(*) AS n FROM decisions WHERE starts_with(shopper_id, $shop) GROUP BY outcome"
    return Counter({row["outcome"]: row["n"] for row in warehouse.query(query, values={"shop": f"{shop}-"})})


@pytest.mark.parametrize(("version", "minor"), [(1, 100), (2, 200)])
def test_running_job_takes_up_a_version_within_two_seconds(broker: Pulsar, job: str, version: int, minor: int) -> None:
    shop = f"quick{version}"
    asked = campaign("quick", offers=({"name": "off", "minor": minor},), audience={"stores": ("quick",)})
    assert [applied.version for applied in store.apply(broker, {"quick": asked})] == [version]
    applied_at = datetime.now(UTC)
    with Publisher(broker) as clicks:

        def given() -> list[dict[str, Any]]:
            clicks.publish(scan(f"{shop}-{time.monotonic_ns()}", "quick"))
            clicks.flush()
            return [coupon for coupon in on_topic(broker, shop) if coupon["campaign_version"] == version]

        eventually(lambda: bool(given()), True)
        found = given()
    assert {(coupon["campaign_id"], coupon["discount_minor"]) for coupon in found} == {("quick", minor)}
    assert (min(coupon["decided_at"] for coupon in found) - applied_at).total_seconds() < 2


def test_version_that_is_none_leaves_the_last_good_one(broker: Pulsar, job: str) -> None:
    from tests.campaigns.test_store import publish_raw, record

    good = campaign("other", audience={"stores": ("kept",)})
    store.apply(broker, {"other": good})
    publish_raw(broker, ("other", record(version=2, definition="{}")), ("other", b"\xff"))
    with Publisher(broker) as clicks:
        clicks.publish(scan("kept-1", "kept"))
    eventually(lambda: [coupon["campaign_version"] for coupon in on_topic(broker, "kept")], [1])


def test_running_job_chooses_by_the_model_in_use_within_two_seconds(broker: Pulsar, job: str) -> None:
    """Two models that want different offers; between them a record that is none: the last good one goes on."""
    offers = ({"name": "small", "minor": 100}, {"name": "large", "minor": 900})
    asked = campaign("chosen", offers=offers, audience={"stores": ("chosen",)}, choice={"by": "model", "explore": 0.0})
    store.apply(broker, {"chosen": asked})
    models.use(broker, "likes", 1, likes("small", 1))
    with Publisher(broker) as clicks:

        def given(shop: str, offer: str) -> list[dict[str, Any]]:
            clicks.publish({**scan(f"{shop}-{time.monotonic_ns()}", "chosen"), "price_minor": 10_000})
            clicks.flush()
            return [coupon for coupon in on_topic(broker, shop) if coupon["offer"] == offer]

        eventually(lambda: bool(given("likes1", "small")), True)
        wrong = {"name": "likes", "version": 9, "status": "used", "published_at": datetime.now(UTC), "definition": "{}"}
        with Versions(broker, OFFER_MODELS, "model") as versions:
            versions.take_turn()
            versions.publish(wrong, key="likes 9")
        eventually(lambda: bool(given("likes2", "small")), True)
        models.use(broker, "likes", 2, likes("large", 2))
        chosen_at = datetime.now(UTC)
        eventually(lambda: bool(given("likes3", "large")), True)
        found = given("likes3", "large")
    assert (min(coupon["decided_at"] for coupon in found) - chosen_at).total_seconds() < 2
    logs = "".join(path.read_text(errors="replace") for path in (read(Stack).folder / "log").glob("taskmanager-1*"))
    assert "model likes version 9: kind is ; there are scorecard and boosted; the last good version goes on" in logs
    # What was scanned before the first was taken up is the scorecard's.
    query = """SELECT model, model_version, chosen_by, offer, choice_probability FROM decisions
               WHERE campaign_id = 'chosen' AND model = 'likes'"""
    eventually(
        lambda: {tuple(row.values()) for row in warehouse.query(query)},
        {("likes", 1, "model", "small", 1.0), ("likes", 2, "model", "large", 1.0)},
    )


def likes(offer: str, version: int) -> str:
    """A scorecard that is sure of one discount and knows nothing else."""
    small, large = (900, 0) if offer == "small" else (0, 900)
    bins = [{"below": 500, "points": small}, {"points": large}]
    return written(
        {
            "kind": "scorecard",
            "name": "likes",
            "version": version,
            "horizon_ms": 1_000,
            "base_points": 0,
            "base_odds": 0.001,
            "double_points": 100,
            "attributes": [{"input": "discount_minor", "bins": bins}],
        }
    )


def everywhere(broker: Pulsar, clicks: Publisher, shop: str) -> None:
    """Return when every subtask has taken up what was applied: the campaign applied last answers all its scans."""
    store.apply(broker, {"probe": campaign("probe", audience={"stores": (shop,)})})
    probes = {f"{shop}-probe-{number}" for number in range(8)}

    def answered() -> set[str]:
        given = {str(coupon["shopper_id"]) for coupon in on_topic(broker, shop)} & probes
        for who in probes - given:
            clicks.publish(scan(who, shop))
        clicks.flush()
        return given

    eventually(answered, probes)


def test_every_pattern_for_campaigns_alone_earns_what_its_campaign_gives_and_once(broker: Pulsar, job: str) -> None:
    asked: dict[str, dict[str, Any]] = {
        "drop": {"patterns": ("price_drop",)},
        "second": {"patterns": ("nth_purchase",), "audience": {"nth": 2}},
        "lapsed": {"patterns": ("lapsed_buyer",)},
        "basket": {"patterns": ("basket_threshold",), "offers": ({"name": "t", "percent": 10, "most_minor": 9_000},)},
        "checkout": {"patterns": ("checkout_hesitation",)},
        "first-dear": {"patterns": ("nth_purchase",), "rule": "first_order_above"},
        "ruled-by-none": {"patterns": ("nth_purchase",), "rule": "not_there"},
        "spenders": {
            "patterns": ("nth_purchase",),
            "audience": {"segments": {"a": {"orders": {"at_least": 3}, "spent_minor": {"at_least": 59_901}}}},
        },
    }
    store.apply(broker, {name: campaign(name, **changed) for name, changed in asked.items()})
    with Publisher(broker) as clicks:
        everywhere(broker, clicks, "moments")

        def happens(who: str, kind: str, **fields: Any) -> str:
            return clicks.publish(click(f"moments-{who}", kind, **fields))

        # So far back that they earn nothing themselves.
        happens("lapsed", "order_completed", order_id="old", occurred_at=datetime.now(UTC) - timedelta(days=6))
        for price_minor, currency in ((1_000, "CNY"), (910, "CNY"), (100, "EUR")):
            happens("looker", "product_viewed", price_minor=price_minor, currency=currency)
        expected = {("drop", happens("looker", "product_viewed", price_minor=819), 300)}
        happens("looker", "product_viewed", price_minor=819)
        happens("buyer", "order_completed", order_id="o1", price_minor=19_999)
        happens("buyer", "order_completed", order_id="o1")
        expected |= {
            ("second", happens("buyer", "order_completed", order_id="o2", price_minor=30_000), 300),
            ("first-dear", happens("rich", "order_completed", order_id="o3", price_minor=20_000), 300),
            ("lapsed", happens("lapsed", "product_viewed"), 300),
            # 199.99 and 99.00 for the first order, 300.00 for the second: with this one just so much.
            ("spenders", happens("buyer", "order_completed", order_id="o4", price_minor=2), 300),
        }
        happens("thrifty", "order_completed", order_id="o5", price_minor=19_999)
        expected |= {("second", happens("thrifty", "order_completed", order_id="o6", price_minor=20_000), 300)}
        happens("thrifty", "order_completed", order_id="o7", price_minor=19_901)
        happens("lapsed", "product_viewed")
        happens("adder", "product_added", price_minor=49_999)
        expected |= {("basket", happens("adder", "product_added", price_minor=1), 5_000)}
        happens("adder", "product_added", price_minor=1)
        for kind in ("cart_viewed", "product_added", "checkout_started"):
            happens("doubter", kind)
        expected |= {("checkout", happens("doubter", "cart_viewed"), 300)}
        happens("doubter", "cart_viewed")

    def given() -> set[tuple[Any, ...]]:
        ours = [coupon for coupon in on_topic(broker, "moments") if coupon["campaign_id"] in asked]
        return {(one["campaign_id"], str(one["cause_event_id"]), one["cost_minor"]) for one in ours}

    eventually(given, expected)
    logs = "".join(path.read_text(errors="replace") for path in (read(Stack).folder / "log").glob("taskmanager-1*"))
    assert "rule not_there: this job has none of that name; there are first_order_above" in logs


def test_budget_is_not_overspent_when_the_taskmanager_dies(broker: Pulsar, job: str) -> None:
    """What was issued after the newest checkpoint is on the topic, and other shoppers come first the second time."""
    tight = campaign("tight", audience={"stores": ("tight",)}, budget={"currency": "CNY", "pieces": PIECES})
    store.apply(broker, {"tight": tight})
    with Publisher(broker, send_timeout_s=120) as clicks, FlinkRest(read(Flink).rest_url) as rest:
        before = rest.newest_checkpoint(job)
        eventually(lambda: rest.newest_checkpoint(job) != before, True)
        for number in range(3 * PIECES):
            clicks.publish(scan(f"tight-{number}", "tight"))
        clicks.flush()
        eventually(lambda: len(on_topic(broker, "tight")), PIECES, 30)
        process = Service("taskmanager-1", read(Stack).folder).process()
        assert process is not None
        process.kill()
        clicks.publish(scan("tight-last", "tight"))
    eventually(lambda: outcomes("tight"), Counter(issued=PIECES, out_of_budget=2 * PIECES + 1), 120)
    sent = on_topic(broker, "tight")
    assert len({coupon["coupon_id"] for coupon in sent}) == PIECES
    assert sorted({coupon["issue_number"] for coupon in sent}) == sorted(coupon["issue_number"] for coupon in sent)
    landed = warehouse.query("SELECT coupon_id FROM coupons WHERE campaign_id = 'tight'")
    assert {row["coupon_id"] for row in landed} == {str(coupon["coupon_id"]) for coupon in sent}
