"""Register the contracts with the broker, which then refuses publishers and changes that break them."""

import json
from dataclasses import dataclass
from typing import Any

import schemas
from errors import CannotRun, SchemaConflict
from schemas.topics import TOPICS, Topic
from settings import Pulsar
from stack.pulsar_admin import PulsarAdmin


@dataclass(frozen=True)
class Registered:
    """A topic's schema as the registry has it: `version` counts from 0, `created` says whether it is new."""

    topic: str
    record: str
    version: int
    created: bool


def register(pulsar: Pulsar) -> list[Registered]:
    """Register every topic's contract; what is registered already stays.

    Raises SchemaConflict where FULL_TRANSITIVE refuses the change, Unreachable without a broker.
    """
    with PulsarAdmin(pulsar.admin_url) as admin:
        return [_register(admin, pulsar, topic) for topic in TOPICS]


def versions(pulsar: Pulsar, topic: Topic) -> list[dict[str, Any]]:
    """Every schema the registry has for the topic, oldest first; empty for a topic without one."""
    with PulsarAdmin(pulsar.admin_url) as admin:
        return _versions(admin, pulsar, topic)


def _register(admin: PulsarAdmin, pulsar: Pulsar, topic: Topic) -> Registered:
    contract = schemas.load(topic.record)
    before = _versions(admin, pulsar, topic)
    for version, definition in enumerate(before):
        if definition == contract.definition:
            return Registered(topic.path, topic.record, version, created=False)
    body = {"type": "AVRO", "schema": contract.text, "properties": {}}
    try:
        answer = admin.call("POST", f"/schemas/{pulsar.tenant}/{topic.path}/schema", body)
    except CannotRun as refusal:
        raise SchemaConflict(
            f"{topic.path}: the registry refuses {topic.record}.avsc: {refusal}; "
            "hongbao schemas check says whom it breaks"
        ) from None
    return Registered(topic.path, topic.record, int(answer.json()["version"]["version"]), created=True)


def _versions(admin: PulsarAdmin, pulsar: Pulsar, topic: Topic) -> list[dict[str, Any]]:
    answer = admin.call("GET", f"/schemas/{pulsar.tenant}/{topic.path}/schemas", accept=(404,))
    if answer.status_code == 404:
        return []
    return [json.loads(entry["data"]) for entry in answer.json()["getSchemaResponses"]]
