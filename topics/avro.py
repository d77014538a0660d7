"""Avro on a topic: bytes that are encoded already go out, and what comes is decoded by its writer's schema."""

import io
import json
from typing import Any

import _pulsar
import fastavro
import pulsar
from pulsar.schema import Schema

import schemas
from errors import Unreachable
from schemas import Contract


class EncodedAvro(Schema):  # type: ignore[misc]
    """A registered Avro schema for bytes that are Avro already."""

    def __init__(self, contract: Contract) -> None:
        super().__init__(bytes, _pulsar.SchemaType.AVRO, {}, "AVRO")
        self._schema_info = _pulsar.SchemaInfo(_pulsar.SchemaType.AVRO, "AVRO", contract.text)

    def encode(self, obj: bytes) -> bytes:
        return obj

    def decode(self, data: bytes) -> bytes:
        return data


class Writers:
    """Decodes one topic's messages by the schemas of whoever wrote them; the broker is asked once for each version.

    With a `record`, messages of every version are given as the version of that contract which this checkout knows.
    """

    def __init__(self, client: pulsar.Client, record: str | None = None) -> None:
        # pulsar.Client has no way to a schema (3.13.0).
        self._client = client._client
        self._wanted = None if record is None else schemas.load(record).parsed
        self._known: dict[int, tuple[str, Any]] = {}

    def decode(self, message: pulsar.Message) -> dict[str, Any]:
        """The record; raises Unreachable when its schema cannot be asked for, anything else for bytes that are none."""
        _, writer = self._schema(message)
        record = fastavro.schemaless_reader(io.BytesIO(message.data()), writer, self._wanted)
        assert isinstance(record, dict)  # a contract is a record's
        return record

    def text(self, message: pulsar.Message) -> str:
        """Its writer's schema as the registry has it; raises as `decode` does."""
        return self._schema(message)[0]

    def _schema(self, message: pulsar.Message) -> tuple[str, Any]:
        version = schema_version(message)
        if version not in self._known:
            topic = message.topic_name()
            try:
                text = self._client.get_schema_info(topic, version).schema()
            except pulsar.TopicNotFound:
                raise LookupError(f"the registry has no schema {version} of {topic}") from None
            except pulsar.PulsarException as error:
                raise Unreachable(f"cannot ask for schema {version} of {topic}: {error}; is the broker up?") from None
            self._known[version] = text, fastavro.parse_schema(json.loads(text))
        return self._known[version]


def schema_version(message: pulsar.Message) -> int:
    """The version of its writer's schema; -1 without one."""
    # Message.schema_version() gives the eight bytes as text, which fails from version 128 on (3.13.0).
    return int(message._message.int_schema_version())
