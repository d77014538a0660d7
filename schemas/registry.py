"""Register the contracts with the broker, which then refuses publishers and changes that break them."""

import html
import json
import re
from dataclasses import dataclass
from typing import Any

import httpx

import schemas
from errors import CannotRun, SchemaConflict
from schemas.changes import Finding, compare, flaws
from schemas.contract import Contract
from schemas.topics import TOPICS, Topic
from settings import Pulsar
from stack.pulsar_admin import PulsarAdmin

# How the registry says no: 409 and 422, but 500 where it is only asked or meets a default it cannot use (Pulsar 4.0).
REFUSALS = (409, 422, 500)
# What a refusal's 500 holds and a broken broker's does not.
VERDICT = re.compile(r"broker\.service\.schema\.exceptions|org\.apache\.avro\.")
REASON = re.compile(r"(?:Message:|Error 4\d\d) ([^\n<]+)")


@dataclass(frozen=True)
class Registered:
    """A topic's schema as the registry has it: `version` counts from 0, `created` says whether it is new."""

    topic: str
    record: str
    version: int
    created: bool


def register(pulsar: Pulsar) -> list[Registered]:
    """Register every topic's contract; what is registered already stays.

    Raises SchemaConflict, with field and direction, for a change that breaks someone; Unreachable without a broker.
    """
    return [register_one(pulsar, topic, schemas.load(topic.record)) for topic in TOPICS]


def register_one(pulsar: Pulsar, topic: Topic, contract: Contract) -> Registered:
    """Register one contract for one topic; raises as `register` does."""
    with PulsarAdmin(pulsar.admin_url) as admin:
        return _register(admin, pulsar, topic, contract)


def versions(pulsar: Pulsar, topic: Topic) -> list[dict[str, Any]]:
    """Every schema the registry has for the topic, oldest first; empty for a topic without one."""
    with PulsarAdmin(pulsar.admin_url) as admin:
        return _versions(admin, pulsar, topic)


def findings(contract: Contract, topic: Topic, before: list[dict[str, Any]]) -> list[Finding]:
    """What the contract would break of the versions the topic has, oldest first."""
    return [
        finding
        for number, definition in enumerate(before)
        for finding in compare(contract, f"version {number} in the registry of {topic.path}", definition)
    ]


def refusal(pulsar: Pulsar, topic: Topic, contract: Contract) -> str | None:
    """Ask the registry whether it would take the contract: its reason against it, or None.

    Raises Unreachable without a broker, CannotRun where it gives no verdict.
    """
    with PulsarAdmin(pulsar.admin_url) as admin:
        path = f"/schemas/{pulsar.tenant}/{topic.path}/compatibility"
        return _refusal(path, admin.call("POST", path, _body(contract), accept=REFUSALS))


def _register(admin: PulsarAdmin, pulsar: Pulsar, topic: Topic, contract: Contract) -> Registered:
    before = _versions(admin, pulsar, topic)
    if contract.definition in before:
        return Registered(topic.path, topic.record, before.index(contract.definition), created=False)
    # Before the registry is asked: it takes some changes that break (docs/schemas.md), and its reason names no field.
    broken = [finding for finding in (*flaws(contract), *findings(contract, topic, before)) if finding.breaks]
    if broken:
        # A field breaks by every old version alike; the first will do.
        first = {(finding.field, finding.direction): finding for finding in reversed(broken)}
        reasons = [f"{finding.sentence} ({finding.direction})" for finding in reversed(first.values())]
        raise SchemaConflict(f"{topic.path}: {contract.name}.avsc is refused: {'. '.join(reasons)}")
    path = f"/schemas/{pulsar.tenant}/{topic.path}/schema"
    answer = admin.call("POST", path, _body(contract), accept=REFUSALS)
    reason = _refusal(path, answer)
    if reason is not None:
        raise SchemaConflict(f"{topic.path}: the registry refuses {contract.name}.avsc: {reason}")
    version = int(answer.json()["version"]["version"])
    # Other words in a doc are no other schema to the registry.
    return Registered(topic.path, topic.record, version, created=version >= len(before))


def _body(contract: Contract) -> dict[str, Any]:
    return {"type": "AVRO", "schema": contract.text, "properties": {}}


def _refusal(path: str, answer: httpx.Response) -> str | None:
    if answer.status_code < httpx.codes.BAD_REQUEST:
        return None if answer.json().get("compatibility", True) else "incompatible"
    said = answer.json()["reason"] if "json" in answer.headers.get("content-type", "") else html.unescape(answer.text)
    if answer.status_code == httpx.codes.INTERNAL_SERVER_ERROR and not VERDICT.search(said):
        raise CannotRun(f"the broker refused POST {path}: HTTP 500 {said.strip()[:300]}")
    found = REASON.search(said)
    return found.group(1).strip() if found else said.strip()[:300]


def _versions(admin: PulsarAdmin, pulsar: Pulsar, topic: Topic) -> list[dict[str, Any]]:
    answer = admin.call("GET", f"/schemas/{pulsar.tenant}/{topic.path}/schemas", accept=(404,))
    if answer.status_code == 404:
        return []
    return [json.loads(entry["data"]) for entry in answer.json()["getSchemaResponses"]]
