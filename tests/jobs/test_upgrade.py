"""An upgrade loses nothing, says what it keeps, and goes back where the new code does not come up."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

import warehouse
from errors import CannotRun, ProblemFound
from ingest import Publisher
from jobs import submit
from jobs.submit import submit_and_check
from jobs.upgrade import upgrade
from settings import Pulsar, Stack, read
from stack.flink_rest import FlinkRest
from stack.pulsar_admin import PulsarAdmin
from tests.jobs.running import running
from tests.jobs.test_path import click
from tests.waiting import eventually

pytestmark = [pytest.mark.stack, pytest.mark.timeout(400)]

# As many as a job that is wider than the cluster has subtasks.
CLICK_PARTITIONS = 8


@pytest.fixture
def landing(rest: FlinkRest) -> str:
    return running(rest, "landing")


@contextmanager
def shoppers(broker: Pulsar, visit: str) -> Iterator[set[str]]:
    """Publish fifty events a second for as long as the block runs; their ids."""
    published: set[str] = set()
    done = threading.Event()

    def publish() -> None:
        with Publisher(broker, send_timeout_s=120) as clicks:
            while not done.wait(0.02):
                published.add(clicks.publish(click("upgrader", session_id=visit)))

    publishing = threading.Thread(target=publish)
    publishing.start()
    try:
        yield published
    finally:
        done.set()
        publishing.join()


def landed(visit: str) -> list[str]:
    rows = warehouse.query("SELECT event_id FROM events WHERE session_id = $visit", values={"visit": visit})
    return [row["event_id"] for row in rows]


def lands_exactly(visit: str, published: set[str]) -> None:
    eventually(lambda: published - set(landed(visit)), set(), 90)
    assert sorted(landed(visit)) == sorted(published)


def test_upgrade_under_traffic_loses_nothing_and_doubles_nothing(broker: Pulsar, rest: FlinkRest, landing: str) -> None:
    said: list[str] = []
    with shoppers(broker, "upgraded") as published:
        eventually(lambda: len(landed("upgraded")) > 50, True)
        checked = upgrade("landing", only_check=True)
        assert (checked.job_id, rest.running_id("landing")) == (None, landing)
        done = upgrade("landing", say=said.append)
        eventually(lambda: len(landed("upgraded")) > 100, True)
    assert done.job_id == rest.running_id("landing") != landing
    operators = {fate.operator for fate in done.state}
    # The planner names what deduplicates after the table.
    assert any(operator.startswith("clicks[") for operator in operators), operators
    assert {"Source: clicks-source", "parquet-events: Writer"} <= operators
    assert all(fate.kept for fate in done.state)
    assert done.downtime_s is not None
    assert 0 < done.downtime_s < 90
    lands_exactly("upgraded", published)


def test_new_settings_are_in_force_after_an_upgrade(
    broker: Pulsar, rest: FlinkRest, monkeypatch: pytest.MonkeyPatch
) -> None:
    running(rest, "coupons")
    monkeypatch.setenv("HONGBAO_COUPONS_CAMPAIGN_ID", "new-code")
    upgrade("coupons")
    with Publisher(broker) as clicks:
        clicks.publish(click("upgraded-scanner", "qr_scanned", store_id="s1"))
    query = "SELECT campaign_id FROM coupons WHERE shopper_id = 'upgraded-scanner'"
    eventually(lambda: warehouse.query(query), [{"campaign_id": "new-code"}])
    rest.cancel_and_wait(rest.running_id("coupons"))


def test_new_code_that_does_not_come_up_gives_way_to_the_old(
    broker: Pulsar, rest: FlinkRest, landing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with shoppers(broker, "rolled-back") as published:
        eventually(lambda: bool(landed("rolled-back")), True)
        # More than the cluster has slots.
        monkeypatch.setenv("HONGBAO_LANDING_PARALLELISM", str(CLICK_PARTITIONS))
        monkeypatch.setattr(submit, "START_S", 5.0)
        with pytest.raises(ProblemFound, match=r"the new landing did not come up .* the old code runs again as"):
            upgrade("landing")
        assert rest.running_id("landing") != landing
    lands_exactly("rolled-back", published)


def test_cancelled_job_goes_on_from_its_newest_checkpoint(broker: Pulsar, rest: FlinkRest, landing: str) -> None:
    with shoppers(broker, "resumed") as published:
        eventually(lambda: len(landed("resumed")) > 50, True)
        rest.cancel_and_wait(landing)
        submit_and_check(["landing"], resume=True)
    lands_exactly("resumed", published)


def test_position_that_the_broker_no_longer_has_stops_the_job(
    broker: Pulsar, rest: FlinkRest, landing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with shoppers(broker, "skipped"):
        eventually(lambda: len(landed("skipped")) > 50, True)
    rest.cancel_and_wait(landing)
    with PulsarAdmin(broker.admin_url) as admin:
        for partition in range(broker.click_partitions):
            topic = f"/persistent/{broker.tenant}/events/clicks-partition-{partition}"
            # Loaded anew it writes to another ledger, and the one before can go.
            admin.call("PUT", f"{topic}/unload")
            admin.call("DELETE", f"{topic}/truncate")
    with pytest.raises(CannotRun, match=r"clicks-partition-\d: the checkpoint stands at \d+:-?\d+, and the broker has"):
        submit_and_check(["landing"], resume=True)
    failed = rest.jobs()[0]
    assert failed["state"] == "FAILED"
    monkeypatch.setenv("HONGBAO_LANDING_MISSING_POSITION", "earliest")
    submit_and_check(["landing"], resume=True)
    with shoppers(broker, "went-on") as published:
        eventually(lambda: len(landed("went-on")) > 20, True)
    lands_exactly("went-on", published)
    assert "missing_position is earliest: skipped" in (read(Stack).folder / "log" / "taskmanager-1.log").read_text()
