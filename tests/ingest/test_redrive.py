"""What was dead is published again once, under its own id, and earns no coupon for what is long past."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import warehouse
from errors import ProblemFound, SettingsError
from ingest import Publisher
from ingest.event_id import EventIds
from ingest.redrive import Redriven, assignments, redrive
from jobs.submit import submit_and_check
from settings import Flink, Pulsar, read
from stack.flink_rest import FlinkRest
from tests.jobs.test_path import click, raw, rows, unchecked
from tests.waiting import eventually


def test_values_are_of_their_fields_kind() -> None:
    read = assignments(["quantity=3", "currency=CNY", "category=", "occurred_at=2026-11-11T00:00:00Z"])
    assert read == {
        "quantity": 3,
        "currency": "CNY",
        "category": None,
        "occurred_at": datetime(2026, 11, 11, tzinfo=UTC),
    }


@pytest.mark.parametrize(
    ("pair", "sentence"),
    [
        ("quantity", "must be field=value"),
        ("quantty=1", "'quantty=1' must be field=value with a field of event_id"),
        ("event_id=1", "but no id"),
        ("quantity=many", "quantity is 'many'; it must be a whole number"),
    ],
)
def test_wrong_assignment_is_one_sentence(pair: str, sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        assignments([pair])


@pytest.fixture(scope="module")
def jobs(broker: Pulsar) -> Iterator[None]:
    submit_and_check(["coupons", "landing"])
    yield
    with FlinkRest(read(Flink).rest_url) as rest:
        for name in ("coupons", "landing"):
            rest.cancel_and_wait(rest.running_id(name))


def died(message_id: str) -> None:
    eventually(lambda: len(rows("SELECT 1 FROM dead_letters WHERE message_id = $id", id=message_id)), 1)


@pytest.mark.stack
@pytest.mark.timeout(300)
def test_mended_dead_letters_land_once_however_often_they_are_redriven(
    broker: Pulsar, jobs: None, tmp_path: Path
) -> None:
    ledger = tmp_path / "redriven.jsonl"
    event_id = EventIds().next()
    died(unchecked(broker, {**click("mended"), "event_id": event_id, "quantity": 0}))
    died(unchecked(broker, {**click("mended"), "event_id": "17"}))
    died(unchecked(broker, {**click("mended"), "quantity": 0, "currency": "yuan"}))
    hopeless = raw(broker, b"\xff\xfe no avro", "mended")
    died(hopeless)
    refused: list[tuple[str, str]] = []

    def again() -> Redriven:
        refused.clear()
        return redrive(
            "key = 'mended' -- all of them",
            broker,
            ledger,
            values={"quantity": 1},
            refused=lambda *why: refused.append(why),
        )

    assert again() == Redriven(selected=4, published=2, repeats=0, refused=2)
    reasons = {reason.split(":")[0] for _, reason in refused}
    assert reasons == {"still no ClickEvent in Avro", "still breaks the contract"}
    landed = "SELECT quantity, count(*) FROM events WHERE shopper_id = 'mended' GROUP BY ALL"
    eventually(lambda: rows(landed), [(1, 2)])
    assert again() == Redriven(selected=4, published=0, repeats=2, refused=2)
    assert rows("SELECT shopper_id FROM events WHERE event_id = $id", id=event_id) == [("mended",)]
    taken = [json.loads(line) for line in ledger.read_text(encoding="utf-8").splitlines()]
    in_events = rows("SELECT event_id, message_id FROM events WHERE shopper_id = 'mended' ORDER BY ALL")
    assert sorted((line["event_id"], line["redriven_as"]) for line in taken) == in_events


@pytest.mark.stack
@pytest.mark.timeout(300)
def test_redriven_history_earns_no_coupon_and_a_fresh_event_still_does(
    broker: Pulsar, jobs: None, tmp_path: Path
) -> None:
    def scan(who: str, age: timedelta) -> dict[str, Any]:
        scanned = click(who, "qr_scanned", store_id="s1", occurred_at=datetime.now(UTC) - age)
        return {**scanned, "quantity": 0}

    died(unchecked(broker, scan("historian", timedelta(minutes=11))))
    died(unchecked(broker, scan("mender", timedelta(0))))
    where = "key IN ('historian', 'mender')"
    done = redrive(where, broker, tmp_path / "redriven.jsonl", values={"quantity": 1})
    assert done == Redriven(selected=2, published=2)
    eventually(lambda: rows("SELECT shopper_id FROM coupons WHERE shopper_id = 'mender'"), [("mender",)])
    eventually(lambda: rows("SELECT shopper_id FROM events WHERE shopper_id = 'historian'"), [("historian",)])
    # Behind it on the same shopper's subtask: what it earned would be here before.
    with Publisher(broker) as clicks:
        clicks.publish(click("historian", "qr_scanned", store_id="s2"))
    coupons = "SELECT count(*) FROM coupons WHERE shopper_id = 'historian'"
    eventually(lambda: rows(coupons), [(1,)])
    assert (
        warehouse.query(
            "SELECT 1 FROM coupons WHERE shopper_id = 'historian' AND occurred_at < now() - INTERVAL 5 MINUTE"
        )
        == []
    )


@pytest.mark.stack
def test_condition_that_is_no_sql_is_a_problem_found(broker: Pulsar, tmp_path: Path) -> None:
    with pytest.raises(ProblemFound, match="redrive: --where 'kye = 1'"):
        redrive("kye = 1", broker, tmp_path / "redriven.jsonl", folder=tmp_path)


@pytest.mark.stack
def test_condition_cannot_do_more_than_read(broker: Pulsar, tmp_path: Path) -> None:
    with pytest.raises(ProblemFound, match="one statement at a time"):
        redrive("true); DROP VIEW events; SELECT (true", broker, tmp_path / "redriven.jsonl", folder=tmp_path)
