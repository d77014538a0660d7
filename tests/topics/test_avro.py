"""A message is decoded by the schema its writer registered."""

import io
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import fastavro
import pulsar
import pytest

import schemas
from errors import Unreachable
from schemas.topics import COUPONS
from settings import Pulsar
from stack.pulsar_admin import PulsarAdmin
from topics.avro import EncodedAvro, Writers
from topics.client import connect

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]


@pytest.fixture
def client(lone_broker: Pulsar) -> Iterator[pulsar.Client]:
    client = connect(lone_broker)
    yield client
    client.close()


def sent(client: pulsar.Client, topic: str, payload: bytes, **of_producer: Any) -> pulsar.Message:
    """The message as a subscriber gets it."""
    name = f"test-{uuid.uuid4()}"
    consumer = client.subscribe(topic, name, initial_position=pulsar.InitialPosition.Latest)
    client.create_producer(topic, **of_producer).send(payload, partition_key="u1")
    message = consumer.receive(timeout_millis=30_000)
    consumer.unsubscribe()
    return message


def test_coupon_is_read_by_its_writers_schema(lone_broker: Pulsar, client: pulsar.Client) -> None:
    contract = schemas.load(COUPONS.record)
    now = datetime.now(UTC)
    coupon = {
        field["name"]: now if field["name"].endswith("_at") else _value(field["type"]) for field in contract.fields
    }
    payload = io.BytesIO()
    fastavro.schemaless_writer(payload, contract.parsed, coupon)
    topic = lone_broker.topic(COUPONS.path)
    message = sent(client, topic, payload.getvalue(), schema=EncodedAvro(contract))
    for writers in (Writers(client, COUPONS.record), Writers(client)):
        read = writers.decode(message)
        assert read["shopper_id"] == "text"
        assert abs((read["sent_at"] - now).total_seconds()) < 0.001
        assert writers.text(message) == contract.text


def test_message_without_a_schema_says_so(lone_broker: Pulsar, client: pulsar.Client) -> None:
    path = f"/persistent/{lone_broker.tenant}/events/{uuid.uuid4()}"
    with PulsarAdmin(lone_broker.admin_url) as admin:
        admin.call("PUT", path)
        message = sent(client, path.removeprefix("/").replace("/", "://", 1), b"text")
        with pytest.raises(LookupError, match="the registry has no schema -1 of persistent://"):
            Writers(client).decode(message)
        admin.call("DELETE", f"{path}?force=true")


def test_broker_that_went_away_is_no_fault_of_the_message(lone_broker: Pulsar, client: pulsar.Client) -> None:
    message = sent(client, lone_broker.topic(COUPONS.path), b"", schema=EncodedAvro(schemas.load(COUPONS.record)))
    gone = connect(lone_broker)
    gone.close()
    with pytest.raises(Unreachable, match="cannot ask for schema 0 of persistent://"):
        Writers(gone).decode(message)


def _value(avro: object) -> object:
    """Something of that type."""
    if isinstance(avro, list):
        return None
    if isinstance(avro, dict) and avro.get("logicalType") == "uuid":
        return uuid.uuid4()
    kind = avro["type"] if isinstance(avro, dict) else avro
    return {"string": "text", "int": 1, "long": 1, "double": 1.0, "boolean": True}[str(kind)]
