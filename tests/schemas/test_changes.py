"""A change that would break someone is named, with field and direction, before it is deployed."""

import copy
import io
from typing import Any

import fastavro
import pytest

import schemas
from schemas import Contract
from schemas.changes import BACKWARD, COLUMNS, FORWARD, compare, flaws
from settings.reader import ROOT
from tests.schemas.verdicts import CHANGES, OLD, TEXT, Change, changed, contract

DOCS = (ROOT / "docs" / "schemas.md").read_text(encoding="utf-8")
AVRO = {"name", "type", "doc", "default"}
SAMPLES: dict[str, Any] = {"string": "a", "int": 2, "long": 3, "double": 1.5, "boolean": True, "bytes": b"x"}


@pytest.fixture(params=CHANGES, ids=lambda change: str(change.name))
def change(request: pytest.FixtureRequest) -> Change:
    found: Change = request.param
    return found


def sample(kind: Any, branch: int) -> Any:
    """A value of the type; of each union, of this branch."""
    if isinstance(kind, list):
        return sample(kind[branch], branch)
    if isinstance(kind, dict):
        match kind["type"]:
            case "map":
                return {"k": sample(kind["values"], branch)}
            case "array":
                return [sample(kind["items"], branch)]
            case "enum":
                return kind["symbols"][branch]
        return "01900000-0000-7000-8000-000000000001" if kind.get("logicalType") == "uuid" else SAMPLES[kind["type"]]
    return None if kind == "null" else SAMPLES[kind]


def readable(writer: dict[str, Any], reader: dict[str, Any]) -> bool:
    """What fastavro really makes of it, whichever branch of a union was written."""
    try:
        for branch in (0, -1):
            buffer = io.BytesIO()
            event = {field["name"]: sample(field["type"], branch) for field in writer["fields"]}
            fastavro.schemaless_writer(buffer, writer, event)
            buffer.seek(0)
            fastavro.schemaless_reader(buffer, writer, reader)
    except Exception:
        return False
    return True


def test_verdict_names_field_and_direction(change: Change) -> None:
    found = [*flaws(contract(change.new)), *compare(contract(change.new), "version 1", OLD)]
    assert {(finding.field, finding.direction) for finding in found if finding.breaks} == change.breaks


# fastavro takes an alias only where the name itself is missing, and reads times without looking at their unit.
ELSEWHERE = {"two fields become one", "time in microseconds", "time to a plain long", "plain long to a time"}


@pytest.mark.parametrize("change", [change for change in CHANGES if change.name not in ELSEWHERE], ids=lambda c: c.name)
def test_verdict_is_what_a_decoder_really_does(change: Change) -> None:
    directions = {finding.direction for finding in compare(contract(change.new), "version 1", OLD) if finding.breaks}
    assert readable(change.new, OLD) == (FORWARD not in directions)
    assert readable(OLD, change.new) == (BACKWARD not in directions)


@pytest.mark.parametrize(
    ("new", "sentence"),
    [
        (
            changed(extra={"type": "string"}),
            "sale.extra is new and has no default: it breaks jobs that read what was published by version 1; "
            "give it one",
        ),
        (changed(id=None), "sale.id is gone: it breaks who still reads by version 1; keep it: it had no default"),
        (
            changed(pieces={"type": "long"}),
            "sale.pieces was written as long and would be read as int: it breaks who still reads by version 1; "
            "add a new field instead",
        ),
    ],
)
def test_sentence_says_what_whom_and_what_to_do(new: dict[str, Any], sentence: str) -> None:
    assert [finding.sentence for finding in compare(contract(new), "version 1", OLD) if finding.breaks] == [sentence]


def test_rename_warns_of_the_readers_that_do_not_know_the_alias() -> None:
    new = changed(tier=None, rank={**TEXT, "aliases": ["tier"]})
    (finding,) = compare(contract(new), "version 1", OLD)
    assert (finding.field, finding.direction, finding.breaks) == ("tier", FORWARD, False)
    assert finding.sentence.startswith(
        'sale.tier is now rank: who still reads by version 1 finds its default, "none", in new events'
    )


@pytest.mark.parametrize(
    ("field", "stricter", "what"),
    [
        ("pieces", {"type": "int", "minimum": 2, "maximum": 10}, "minimum rises to 2"),
        ("pieces", {"type": "int", "minimum": 1, "maximum": 9}, "maximum falls to 9"),
        ("kind", {"type": "string", "allowed": ["a"]}, "b is no longer allowed"),
        ("id", {"type": "string", "allowed": ["a"]}, "only a are now allowed"),
        ("id", {"type": "string", "pattern": "uuid"}, "it must now be a uuid"),
        ("id", {"type": "string", "max_length": 8}, "max_length falls to 8"),
        ("note", {"type": ["null", "string"], "default": None, "required_for": ["x"]}, "it is now required for x"),
    ],
)
def test_stricter_rule_is_a_warning(field: str, stricter: dict[str, Any], what: str) -> None:
    (finding,) = compare(contract(changed(**{field: stricter})), "version 1", OLD)
    assert not finding.breaks
    assert what in finding.sentence


def test_looser_rule_is_none() -> None:
    loose = changed(pieces={"type": "int", "minimum": 0, "maximum": 11}, kind={"type": "string"})
    assert compare(contract(loose), "version 1", OLD) == []


def test_example_in_the_docs_is_what_check_says() -> None:
    new = copy.deepcopy(schemas.load("click_event").definition)
    for field in new["fields"]:
        match field["name"]:
            case "campaign_id":
                field |= {"name": "promotion_id", "aliases": ["campaign_id"]}
            case "quantity":
                field["maximum"] = 99
    new["fields"].append({"name": "device", "type": "string"})
    found = compare(Contract("click_event", new, new), "released version 1", schemas.load("click_event").definition)
    assert "\n".join(finding.sentence for finding in found) in DOCS


def test_docs_name_every_record_rule_and_column_type() -> None:
    rules = {rule for field in schemas.load("click_event").fields for rule in field.keys() - AVRO}
    assert [name for name in (*schemas.names(), *rules) if f"`{name}`" not in DOCS] == []
    assert [kind for kind in COLUMNS if kind not in DOCS] == []


def test_no_contract_has_a_flaw() -> None:
    assert [finding for name in schemas.names() for finding in flaws(schemas.load(name))] == []
