"""A change that would break someone is named, with field and direction, before it is deployed."""

import copy
import io
from typing import Any

import fastavro
import pytest

import schemas
from schemas import Contract
from schemas.check import check, compare

OLD: dict[str, Any] = {
    "type": "record",
    "name": "Sale",
    "fields": [
        {"name": "id", "type": "string"},
        {"name": "pieces", "type": "int", "minimum": 1, "maximum": 10},
        {"name": "kind", "type": "string", "allowed": ["a", "b"]},
        {"name": "note", "type": ["null", "string"], "default": None},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    ],
}
SAMPLE = {"id": "1", "pieces": 2, "kind": "a", "note": "n", "at": 3, "extra": "x"}


def changed(**fields: Any) -> dict[str, Any]:
    """OLD with fields replaced, added, or (None) removed."""
    new = copy.deepcopy(OLD)
    kept = [field for field in new["fields"] if field["name"] not in fields]
    new["fields"] = kept + [{"name": name, **field} for name, field in fields.items() if field is not None]
    return new


def contract(definition: dict[str, Any]) -> Contract:
    return Contract("sale", definition, definition)


def readable(writer: dict[str, Any], reader: dict[str, Any]) -> bool:
    """What fastavro really makes of it."""
    buffer = io.BytesIO()
    texts = {field["name"]: str(SAMPLE[field["name"]]) for field in writer["fields"] if field["type"] == "string"}
    fastavro.schemaless_writer(buffer, writer, {**SAMPLE, **texts})
    buffer.seek(0)
    try:
        fastavro.schemaless_reader(buffer, writer, reader)
    except Exception:
        return False
    return True


def test_released_contracts_break_nobody() -> None:
    assert check() == []


def test_every_contract_is_released() -> None:
    assert sorted(folder.name for folder in (schemas.contract.FOLDER / "released").iterdir()) == schemas.names()


CHANGES = [
    (changed(extra={"type": "string", "default": ""}), set()),
    (changed(note=None), set()),
    (changed(extra={"type": "string"}), {("extra", "old events, new readers")}),
    (changed(id=None), {("id", "new events, old readers")}),
    (changed(pieces={"type": "long"}), {("pieces", "new events, old readers")}),
    (
        changed(pieces={"type": "string"}),
        {("pieces", "new events, old readers"), ("pieces", "old events, new readers")},
    ),
    (changed(kind={"type": ["null", "string"]}), {("kind", "new events, old readers")}),
]


@pytest.mark.parametrize(("new", "broken"), CHANGES)
def test_verdict_names_field_and_direction(new: dict[str, Any], broken: set[tuple[str, str]]) -> None:
    findings = compare(contract(new), "version 1", OLD)
    assert {(finding.field, finding.direction) for finding in findings if finding.breaks} == broken


@pytest.mark.parametrize("new", [new for new, broken in CHANGES if ("kind", "new events, old readers") not in broken])
def test_verdict_is_what_a_decoder_really_does(new: dict[str, Any]) -> None:
    directions = {finding.direction for finding in compare(contract(new), "version 1", OLD) if finding.breaks}
    assert readable(OLD, new) == ("old events, new readers" not in directions)
    assert readable(new, OLD) == ("new events, old readers" not in directions)


def test_rename_with_an_alias_reads_old_events_but_breaks_old_readers() -> None:
    new = changed(id=None, sale_id={"type": "string", "aliases": ["id"]})
    assert [finding.direction for finding in compare(contract(new), "version 1", OLD)] == ["new events, old readers"]


def test_other_time_unit_is_a_silent_misreading() -> None:
    new = changed(at={"type": {"type": "long", "logicalType": "timestamp-micros"}})
    assert {finding.field for finding in compare(contract(new), "version 1", OLD) if finding.breaks} == {"at"}


@pytest.mark.parametrize(
    ("field", "stricter", "what"),
    [
        ("pieces", {"type": "int", "minimum": 2, "maximum": 10}, "minimum rises to 2"),
        ("pieces", {"type": "int", "minimum": 1, "maximum": 9}, "maximum falls to 9"),
        ("kind", {"type": "string", "allowed": ["a"]}, "b is no longer allowed"),
    ],
)
def test_stricter_rule_is_a_warning(field: str, stricter: dict[str, Any], what: str) -> None:
    (finding,) = compare(contract(changed(**{field: stricter})), "version 1", OLD)
    assert not finding.breaks
    assert what in finding.sentence
