"""A coupon message becomes a coupon, by the schema its writer registered."""

import io
import uuid
from datetime import UTC, datetime

import fastavro
import pulsar
import pytest

import schemas
from coupons.subscriber import Decoder, connect
from ingest.publisher import EncodedAvro
from schemas.topics import COUPONS
from settings import Pulsar

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]


def test_coupon_is_read_by_its_writers_schema(lone_broker: Pulsar) -> None:
    contract = schemas.load(COUPONS.record)
    now = datetime.now(UTC)
    coupon = {
        field["name"]: now if field["name"].endswith("_at") else _value(field["type"]) for field in contract.fields
    }
    payload = io.BytesIO()
    fastavro.schemaless_writer(payload, contract.parsed, coupon)
    client = connect(lone_broker)
    try:
        consumer = client.subscribe(
            lone_broker.topic(COUPONS.path), "test-decoder", initial_position=pulsar.InitialPosition.Latest
        )
        producer = client.create_producer(lone_broker.topic(COUPONS.path), schema=EncodedAvro(contract))
        producer.send(payload.getvalue(), partition_key="u1")
        read = Decoder(lone_broker).decode(consumer.receive(timeout_millis=30_000))
        consumer.unsubscribe()
    finally:
        client.close()
    assert read["shopper_id"] == "text"
    assert abs((read["sent_at"] - now).total_seconds()) < 0.001


def _value(avro: object) -> object:
    """Something of that type."""
    if isinstance(avro, list):
        return None
    if isinstance(avro, dict) and avro.get("logicalType") == "uuid":
        return uuid.uuid4()
    kind = avro["type"] if isinstance(avro, dict) else avro
    return {"string": "text", "int": 1, "long": 1, "double": 1.0, "boolean": True}[str(kind)]
