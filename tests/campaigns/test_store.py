"""Versions of a campaign on a real broker: counted without a gap, by however many operators at once."""

import threading
from typing import Any

import pytest

import schemas
from campaigns import store
from campaigns.store import ACTIVE, PAUSED
from errors import SettingsError, Unreachable
from schemas.encoder import encoder
from schemas.topics import CAMPAIGNS
from settings import Pulsar
from stack.pulsar_admin import PulsarAdmin
from tests.campaigns.files import campaign
from tests.topics.everything import everything
from tests.waiting import eventually
from topics.avro import EncodedAvro
from topics.client import connect
from topics.numbered import Applied

pytestmark = pytest.mark.stack


def every_version(broker: Pulsar) -> list[tuple[str, int]]:
    """Name and version of all there is on the topic, in its order; nothing compacted."""
    return [(record["name"], record["version"]) for record in everything(broker, CAMPAIGNS)]


def publish_raw(broker: Pulsar, *payloads: tuple[str, bytes]) -> None:
    """Put bytes on the topic under the registered schema, as a program in another language could."""
    client = connect(broker)
    try:
        schema = EncodedAvro(schemas.load(CAMPAIGNS.record))
        producer = client.create_producer(broker.topic(CAMPAIGNS.path), schema=schema)
        for key, payload in payloads:
            producer.send(payload, partition_key=key)
    finally:
        client.close()


def record(**changed: Any) -> bytes:
    text = campaign("other").text
    plain = {"name": "other", "version": 1, "status": ACTIVE, "applied_at": 0, "definition": text}
    return encoder(schemas.load(CAMPAIGNS.record))(plain | changed)


def test_what_is_new_or_changed_gets_a_version_and_the_rest_none(own_topics: Pulsar) -> None:
    files = {name: campaign(name) for name in ("a", "b")}
    assert store.apply(own_topics, files) == [Applied("a", 1, ACTIVE), Applied("b", 1, ACTIVE)]
    assert store.apply(own_topics, files) == []
    files["b"] = campaign("b", priority=7)
    assert store.apply(own_topics, files) == [Applied("b", 2, ACTIVE)]
    found = store.newest(own_topics)
    assert found.problems == []
    assert {name: (one.version, one.campaign) for name, one in found.newest.items()} == {
        "a": (1, files["a"]),
        "b": (2, files["b"]),
    }
    assert every_version(own_topics) == [("a", 1), ("b", 1), ("b", 2)]


def test_paused_campaign_stays_paused_when_its_file_changes_until_it_is_resumed(own_topics: Pulsar) -> None:
    store.apply(own_topics, {"sale": campaign()})
    assert store.set_status(own_topics, "sale", PAUSED) == [Applied("sale", 2, PAUSED)]
    assert store.set_status(own_topics, "sale", PAUSED) == []
    changed = campaign(priority=1)
    assert store.apply(own_topics, {"sale": changed}) == [Applied("sale", 3, PAUSED)]
    assert store.set_status(own_topics, "sale", ACTIVE) == [Applied("sale", 4, ACTIVE)]
    assert store.newest(own_topics).newest["sale"].campaign == changed


def test_campaign_that_was_never_applied_cannot_be_paused(own_topics: Pulsar) -> None:
    with pytest.raises(SettingsError, match=r"no 'sale' was applied; there are none: hongbao campaign apply"):
        store.set_status(own_topics, "sale", PAUSED)
    store.apply(own_topics, {"other": campaign("other")})
    with pytest.raises(SettingsError, match="there are other"):
        store.set_status(own_topics, "sale", PAUSED)


def test_operators_at_once_never_give_one_number_twice(own_topics: Pulsar) -> None:
    operators, ready = 4, threading.Barrier(4)
    applied: list[Applied] = []

    def operate(number: int) -> None:
        ready.wait()
        applied.extend(store.apply(own_topics, {"sale": campaign(priority=number)}))

    threads = [threading.Thread(target=operate, args=(number,)) for number in range(operators)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Each differs from the one before, so each publishes one.
    assert sorted(one.version for one in applied) == [1, 2, 3, 4]
    assert every_version(own_topics) == [("sale", number) for number in (1, 2, 3, 4)]


def test_what_cannot_be_read_is_reported_and_the_rest_read(own_topics: Pulsar) -> None:
    store.apply(own_topics, {"sale": campaign()})
    bad_budget = campaign("other", budget={"money_minor": 5}).text.replace('"money_minor":5', '"money_minor":-5')
    publish_raw(
        own_topics,
        ("garbage", b"\xff\xfe"),
        ("other", record(definition=bad_budget)),
        ("third", record(name="third", definition="{")),
    )
    found = store.newest(own_topics)
    assert found.newest["sale"].campaign == campaign()
    (garbage,) = found.problems
    assert "is no campaign in Avro" in garbage
    assert found.newest["other"].campaign is None
    assert "other version 1: budget.money_minor: Input should be greater" in (found.newest["other"].problem or "")
    assert "third version 1: definition: Invalid JSON" in (found.newest["third"].problem or "")
    # The number goes on where the unreadable one stood.
    assert store.apply(own_topics, {"other": campaign("other")}) == [Applied("other", 2, ACTIVE)]


def test_compaction_leaves_the_newest_and_the_numbers_go_on(own_topics: Pulsar) -> None:
    for priority in range(3):
        store.apply(own_topics, {"sale": campaign(priority=priority), "other": campaign("other")})
    path = f"/persistent/{own_topics.tenant}/{CAMPAIGNS.path}-partition-0/compaction"
    with PulsarAdmin(own_topics.admin_url) as admin:
        admin.call("PUT", path)
        eventually(lambda: admin.get(path)["status"], "SUCCESS")
    found = store.newest(own_topics)
    assert {name: one.version for name, one in found.newest.items()} == {"sale": 3, "other": 1}
    assert store.apply(own_topics, {"sale": campaign(priority=9)}) == [Applied("sale", 4, ACTIVE)]


def test_broker_that_is_not_there_is_one_sentence() -> None:
    nowhere = Pulsar(service_url="pulsar://127.0.0.1:1")
    for call in (lambda: store.newest(nowhere), lambda: store.apply(nowhere, {"sale": campaign()})):
        with pytest.raises(Unreachable, match="hongbao up starts it"):
            call()
