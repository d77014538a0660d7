"""The real registry's verdict on a change is ours, and a refused change is named with field and direction."""

import itertools
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import schemas
from errors import CannotRun, SchemaConflict
from schemas import Contract, registry
from schemas.changes import compare
from schemas.check import check, check_registry
from schemas.registry import register_one
from schemas.topics import CLICKS, TOPICS, Topic
from settings import Pulsar
from stack.pulsar_admin import PulsarAdmin
from tests.schemas.verdicts import CHANGES, OLD, Change, changed, contract

pytestmark = pytest.mark.stack

NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def broker(shared_topics: Pulsar) -> Pulsar:
    return shared_topics


@pytest.fixture(scope="module")
def namespace(broker: Pulsar) -> Iterator[str]:
    """A namespace with the policies of events, to fill with trials; the registry remembers a deleted one's schemas."""
    name = f"trials-{time.time_ns()}"
    with PulsarAdmin(broker.admin_url) as admin:
        path = f"/namespaces/{broker.tenant}/{name}"
        admin.call("PUT", path)
        admin.call("PUT", f"{path}/schemaCompatibilityStrategy", "FULL_TRANSITIVE")
        admin.call("POST", f"{path}/isAllowAutoUpdateSchema", body=False)
    yield name
    with PulsarAdmin(broker.admin_url) as admin:
        admin.call("DELETE", path)


@pytest.fixture(scope="module")
def sales(broker: Pulsar, namespace: str) -> Topic:
    """A topic whose only version is OLD."""
    return registered(broker, namespace, contract(OLD))


def registered(broker: Pulsar, namespace: str, *contracts: Contract) -> Topic:
    """A topic of its own that has these versions, whatever we think of them."""
    topic = Topic(f"{namespace}/trial-{next(NUMBERS)}", contracts[0].name, 0, "")
    for version in contracts:
        push(broker, topic, version)
    return topic


def push(broker: Pulsar, topic: Topic, contract: Contract) -> None:
    """Register past our own check, as another tool would."""
    body = {"type": "AVRO", "schema": contract.text, "properties": {}}
    with PulsarAdmin(broker.admin_url) as admin:
        admin.call("POST", f"/schemas/{broker.tenant}/{topic.path}/schema", body)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
def test_registry_refuses_what_we_refuse(broker: Pulsar, sales: Topic, change: Change) -> None:
    refusal = registry.refusal(broker, sales, contract(change.new))
    assert (refusal is not None) == (bool(change.breaks) and not change.lenient), refusal


TYPES: list[Any] = ["string", "int", "long", "double", "boolean", "bytes", {"type": "map", "values": "string"}]
DEFAULTS: dict[str, Any] = {"string": "", "int": 0, "long": 0, "double": 0.0, "boolean": False, "bytes": ""}


@st.composite
def fields(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Fields as a contract may have them: optional or not, with and without a default, under new names."""
    found = []
    for name in draw(st.lists(st.sampled_from("abcde"), min_size=1, max_size=4, unique=True)):
        kind = draw(st.sampled_from(TYPES))
        field: dict[str, Any] = {"name": name, "type": ["null", kind] if draw(st.booleans()) else kind}
        if draw(st.booleans()):
            plain = DEFAULTS.get(kind, {}) if isinstance(kind, str) else {}
            field["default"] = None if isinstance(field["type"], list) else plain
        if draw(st.integers(0, 3)) == 0:
            field["aliases"] = [draw(st.sampled_from("vwxyz"))]
        found.append(field)
    return found


def renamed(fields: list[dict[str, Any]], names: dict[str, str]) -> list[dict[str, Any]]:
    return [{**field, "name": names.get(field["name"], field["name"])} for field in fields]


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(fields(), fields(), st.dictionaries(st.sampled_from("abcde"), st.sampled_from("vwxyz"), max_size=2))
def test_any_two_contracts_get_the_registrys_verdict(
    broker: Pulsar, namespace: str, before: list[dict[str, Any]], after: list[dict[str, Any]], names: dict[str, str]
) -> None:
    # Names that the aliases of the new fields may or may not know.
    unique = names if len(set(names.values())) == len(names) else {}
    old = contract({"type": "record", "name": "Any", "fields": renamed(before, unique)})
    new = contract({"type": "record", "name": "Any", "fields": after})
    topic = registered(broker, namespace, old)
    breaks = [finding for finding in compare(new, "version 0", old.definition) if finding.breaks]
    assert (registry.refusal(broker, topic, new) is not None) == bool(breaks), (old.text, new.text, breaks)


def test_refused_change_names_field_direction_and_whom_it_breaks(broker: Pulsar, sales: Topic) -> None:
    new = changed(id=None, extra={"type": "string"}, pieces={"type": "long"})
    with pytest.raises(SchemaConflict) as refused:
        register_one(broker, sales, contract(new))
    here = f"version 0 in the registry of {sales.path}"
    assert str(refused.value) == (
        f"{sales.path}: sale.avsc is refused: "
        f"sale.extra is new and has no default: it breaks jobs that read what was published by {here}; give it one "
        "(old events, new readers). "
        f"sale.id is gone: it breaks who still reads by {here}; keep it: it had no default "
        "(new events, old readers). "
        f"sale.pieces was written as long and would be read as int: it breaks who still reads by {here}; "
        "add a new field instead (new events, old readers)"
    )
    assert registry.versions(broker, sales) == [OLD]


@pytest.mark.parametrize("change", [change for change in CHANGES if change.lenient], ids=lambda change: change.name)
def test_change_that_only_we_refuse_is_not_registered(broker: Pulsar, sales: Topic, change: Change) -> None:
    with pytest.raises(SchemaConflict) as refused:
        register_one(broker, sales, contract(change.new))
    for field, direction in change.breaks:
        assert f"sale.{field} " in str(refused.value) or not field
        assert f"({direction})" in str(refused.value)
    assert registry.versions(broker, sales) == [OLD]


def test_change_must_fit_every_version_not_only_the_last(broker: Pulsar, namespace: str) -> None:
    # Each step passes alone: given up with a default, then back as another type.
    first, second = contract(changed(level=None)), contract(changed(tier=None, level=None))
    topic = registered(broker, namespace, first, second)
    third = contract(changed(tier={"type": "long", "default": 0}, level=None))
    assert not [finding for finding in compare(third, "version 1", second.definition) if finding.breaks]
    assert registry.refusal(broker, topic, third) is not None
    with pytest.raises(SchemaConflict, match=r"sale\.tier was written as string .* version 0"):
        register_one(broker, topic, third)


def test_registered_contract_is_registered_once(broker: Pulsar, namespace: str) -> None:
    topic = registered(broker, namespace, contract(OLD))
    again = register_one(broker, topic, contract(OLD))
    documented = register_one(broker, topic, contract({**OLD, "doc": "One sale."}))
    grown = register_one(broker, topic, contract(changed(extra={"type": "string", "default": ""})))
    assert [(found.version, found.created) for found in (again, documented, grown)] == [
        (0, False),
        (0, False),
        (1, True),
    ]


def test_schema_that_was_registered_past_us_is_told(broker: Pulsar, namespace: str) -> None:
    lenient = next(change for change in CHANGES if change.name == "time in microseconds")
    topic = registered(broker, namespace, contract(lenient.new))
    found = check_registry(broker, topic, contract(OLD))
    assert [(finding.field, finding.breaks) for finding in found] == [("at", True), ("at", True), ("", False)]
    assert (
        found[-1].sentence == f"sale: the registry of {topic.path} would take this contract; only hongbao holds it back"
    )


def test_registry_agrees_with_every_contract(broker: Pulsar) -> None:
    assert [registry.refusal(broker, topic, schemas.load(topic.record)) for topic in TOPICS] == [None] * len(TOPICS)
    assert [finding.sentence for finding in check() if finding.breaks] == []


def test_broker_that_gives_no_verdict_is_not_a_refusal(broker: Pulsar) -> None:
    nowhere = Topic("no-such-namespace/clicks", "click_event", 0, "")
    with pytest.raises(CannotRun, match="HTTP 404"):
        registry.refusal(broker, nowhere, schemas.load("click_event"))


def test_schema_nobody_can_read_is_refused_with_the_registrys_reason(broker: Pulsar, namespace: str) -> None:
    topic = registered(broker, namespace, contract(OLD))
    misnamed = contract(changed(**{"half-price": {"type": "long", "default": 0}}))
    with pytest.raises(SchemaConflict, match=r"the registry refuses sale\.avsc: Invalid schema definition data"):
        register_one(broker, topic, misnamed)


def test_clicks_versions_are_json_as_registered(broker: Pulsar) -> None:
    assert registry.versions(broker, CLICKS)[-1] == json.loads(schemas.load("click_event").text)
