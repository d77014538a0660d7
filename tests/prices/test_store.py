"""Versions of a price rule on a real broker."""

from typing import Any

import pulsar
import pytest

import schemas
from campaigns.store import ACTIVE, PAUSED
from errors import CannotRun, SettingsError, Unreachable
from prices import store
from schemas.encoder import encoder
from schemas.topics import PRICE_RULES
from settings import Pulsar
from tests.prices.rules import rule
from topics.avro import EncodedAvro
from topics.client import connect
from topics.numbered import Applied

pytestmark = pytest.mark.stack


def publish_raw(broker: Pulsar, payload: bytes) -> None:
    """Put bytes on the topic under the registered schema, as a program in another language could."""
    client = connect(broker)
    try:
        schema = EncodedAvro(schemas.load(PRICE_RULES.record))
        client.create_producer(broker.topic(PRICE_RULES.path), schema=schema).send(payload, partition_key="cup")
    finally:
        client.close()


def record(**changed: Any) -> bytes:
    plain = {**rule(category="cup").model_dump(), "version": 1, "status": ACTIVE, "applied_at": 0}
    return encoder(schemas.load(PRICE_RULES.record))(plain | changed)


def test_what_is_new_or_changed_gets_a_version_and_the_rest_none(own_topics: Pulsar) -> None:
    rules = {"tea": rule(), "cup": rule(category="cup")}
    assert store.apply(own_topics, rules) == [Applied("cup", 1, ACTIVE), Applied("tea", 1, ACTIVE)]
    assert store.apply(own_topics, rules) == []
    rules["tea"] = rule(low=0.1)
    assert store.apply(own_topics, rules) == [Applied("tea", 2, ACTIVE)]
    found = store.newest(own_topics)
    assert found.problems == []
    assert {name: (one.version, one.rule) for name, one in found.newest.items()} == {
        "cup": (1, rules["cup"]),
        "tea": (2, rules["tea"]),
    }


def test_paused_rule_stays_paused_when_its_file_changes_until_it_is_resumed(own_topics: Pulsar) -> None:
    store.apply(own_topics, {"tea": rule()})
    assert store.set_status(own_topics, "tea", PAUSED) == [Applied("tea", 2, PAUSED)]
    assert store.set_status(own_topics, "tea", PAUSED) == []
    assert store.apply(own_topics, {"tea": rule(low=0.1)}) == [Applied("tea", 3, PAUSED)]
    assert store.set_status(own_topics, "tea", ACTIVE) == [Applied("tea", 4, ACTIVE)]
    assert store.newest(own_topics).newest["tea"].rule == rule(low=0.1)
    with pytest.raises(SettingsError, match="price: no rule for 'cup' was applied; there are tea"):
        store.set_status(own_topics, "cup", PAUSED)


def test_what_the_job_refuses_is_reported_and_replaced_by_the_next(own_topics: Pulsar) -> None:
    store.apply(own_topics, {"tea": rule()})
    for payload in (b"\xff\xfe", record(version=7, high=0.2)):
        publish_raw(own_topics, payload)
    found = store.newest(own_topics)
    assert found.newest["tea"].rule == rule()
    (garbage,) = found.problems
    assert "is no price rule in Avro" in garbage
    assert found.newest["cup"].rule is None
    assert (
        found.newest["cup"].problem == "campaigns/price-rules: cup version 7: high: it must be above low 0.2, got 0.2"
    )
    assert store.apply(own_topics, {"cup": rule(category="cup")}) == [Applied("cup", 8, ACTIVE)]


def test_who_waits_too_long_for_another_operator_is_told(own_topics: Pulsar, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("topics.versions.TURN_S", 0.5)
    client = connect(own_topics)
    try:
        client.create_producer(
            f"{own_topics.topic(PRICE_RULES.path)}-partition-0",
            schema=EncodedAvro(schemas.load(PRICE_RULES.record)),
            access_mode=pulsar.ProducerAccessMode.Exclusive,
        )
        with pytest.raises(CannotRun, match="somebody else is publishing price rules; try again when that is done"):
            store.apply(own_topics, {"tea": rule()})
    finally:
        client.close()


def test_broker_that_is_not_there_is_one_sentence() -> None:
    with pytest.raises(Unreachable, match="hongbao up starts it"):
        store.newest(Pulsar(service_url="pulsar://127.0.0.1:1"))
