"""Changes to one contract, what each breaks, and where the registry would let it pass: a row a change."""

import copy
from typing import Any, NamedTuple

from schemas import Contract
from schemas.changes import BACKWARD, FORWARD, ITSELF

OLD: dict[str, Any] = {
    "type": "record",
    "name": "Sale",
    "namespace": "dev.hongbao",
    "fields": [
        {"name": "id", "type": "string"},
        {"name": "pieces", "type": "int", "minimum": 1, "maximum": 10},
        {"name": "total", "type": "long"},
        {"name": "rate", "type": "double"},
        {"name": "paid", "type": "boolean"},
        {"name": "blob", "type": "bytes"},
        {"name": "kind", "type": "string", "allowed": ["a", "b"]},
        {"name": "note", "type": ["null", "string"], "default": None},
        {"name": "tier", "type": "string", "default": "none"},
        {"name": "level", "type": "string", "default": "none"},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "uid", "type": {"type": "string", "logicalType": "uuid"}},
        {"name": "properties", "type": {"type": "map", "values": "string"}, "default": {}},
    ],
}


def changed(**fields: Any) -> dict[str, Any]:
    """OLD with fields replaced in place, added at the end, or (None) removed."""
    new = copy.deepcopy(OLD)
    kept = [{"name": field["name"], **fields.pop(field["name"], field)} if fields.get(field["name"], field) else None
            for field in new["fields"]]  # fmt: skip
    added = [{"name": name, **field} for name, field in fields.items() if field is not None]
    new["fields"] = [field for field in kept if field is not None] + added
    return new


def contract(definition: dict[str, Any]) -> Contract:
    return Contract("sale", definition, definition)


def micros() -> dict[str, Any]:
    return {"type": "long", "logicalType": "timestamp-micros"}


def enumeration(*symbols: str) -> dict[str, Any]:
    return {"type": {"type": "enum", "name": "Kind", "symbols": [*symbols]}, "default": symbols[0]}


class Change(NamedTuple):
    """`breaks` holds field and direction; `lenient` says why the registry would take what we refuse."""

    name: str
    new: dict[str, Any]
    breaks: set[tuple[str, str]]
    lenient: str = ""


def both(field: str) -> set[tuple[str, str]]:
    return {(field, FORWARD), (field, BACKWARD)}


TEXT: dict[str, Any] = {"type": "string", "default": ""}
OPTIONAL: dict[str, Any] = {"type": ["null", "string"], "default": None}
NO_COLUMN = "it is fine in Avro; the jobs have no column for it"
UNIT = "to Avro a time in other units is the same long"

CHANGES = [
    Change("nothing", changed(), set()),
    Change("field added with a default", changed(extra=TEXT), set()),
    Change("optional field added with a default", changed(extra=OPTIONAL), set()),
    Change("field added without a default", changed(extra={"type": "string"}), {("extra", BACKWARD)}),
    Change("optional field added without a default", changed(extra={"type": ["null", "string"]}),
           {("extra", BACKWARD)}),
    Change("field with a default removed", changed(tier=None), set()),
    Change("optional field removed", changed(note=None), set()),
    Change("field without a default removed", changed(id=None), {("id", FORWARD)}),
    Change("default changed", changed(tier={"type": "string", "default": "gold"}), set()),
    Change("default taken away", changed(tier={"type": "string"}), set()),
    Change("default given", changed(id=TEXT), set()),
    Change("fields in another order", {**OLD, "fields": OLD["fields"][::-1]}, set()),
    Change("other words in the doc", changed(id={"type": "string", "doc": "Which sale."}), set()),
    Change("stricter rule", changed(pieces={"type": "int", "minimum": 2, "maximum": 10}), set()),
    Change("int widened to long", changed(pieces={"type": "long"}), {("pieces", FORWARD)}),
    Change("int widened to double", changed(pieces={"type": "double"}), {("pieces", FORWARD)}),
    Change("long widened to double", changed(total={"type": "double"}), {("total", FORWARD)}),
    Change("long narrowed to int", changed(total={"type": "int"}), {("total", BACKWARD)}),
    Change("double narrowed to long", changed(rate={"type": "long"}), {("rate", BACKWARD)}),
    Change("int to string", changed(pieces={"type": "string"}), both("pieces")),
    Change("boolean to int", changed(paid={"type": "int"}), both("paid")),
    Change("string to bytes", changed(id={"type": "bytes"}), set()),
    Change("bytes to string", changed(blob={"type": "string"}), set()),
    Change("made optional", changed(kind={"type": ["null", "string"]}), {("kind", FORWARD)}),
    Change("made optional, with a default", changed(tier={"type": ["string", "null"], "default": "none"}),
           {("tier", FORWARD)}),
    Change("made required", changed(note=TEXT), {("note", BACKWARD)}),
    Change("union in another order", changed(note={"type": ["string", "null"], "default": ""}), set()),
    Change("union grown", changed(note={"type": ["null", "string", "long"], "default": None}),
           {("note", FORWARD), ("note", ITSELF)}),
    Change("union shrunk to null", changed(note={"type": ["null"], "default": None}),
           {("note", BACKWARD), ("note", ITSELF)}),
    Change("map of other values", changed(properties={"type": {"type": "map", "values": "long"}, "default": {}}),
           {*both("properties"), ("properties", ITSELF)}),
    Change("map of optional values",
           changed(properties={"type": {"type": "map", "values": ["null", "string"]}, "default": {}}),
           {("properties", FORWARD), ("properties", ITSELF)}),
    Change("map of bytes", changed(properties={"type": {"type": "map", "values": "bytes"}, "default": {}}),
           {("properties", ITSELF)}, NO_COLUMN),
    Change("map to string", changed(properties=TEXT), both("properties")),
    Change("time in microseconds", changed(at={"type": micros()}), {*both("at"), ("at", ITSELF)}, UNIT),
    Change("time to a plain long", changed(at={"type": "long"}), both("at"), UNIT),
    Change("plain long to a time", changed(total={"type": {"type": "long", "logicalType": "timestamp-millis"}}),
           both("total"), UNIT),
    Change("uuid to plain text", changed(uid={"type": "string"}), set()),
    Change("optional enum added", changed(extra=enumeration("a", "b")), {("extra", ITSELF)}, NO_COLUMN),
    Change("text to an enum", changed(kind=enumeration("a", "b")), {*both("kind"), ("kind", ITSELF)}),
    Change("list added", changed(extra={"type": {"type": "array", "items": "string"}, "default": []}),
           {("extra", ITSELF)}, NO_COLUMN),
    Change("renamed without an alias", changed(id=None, sale_id={"type": "string"}),
           {("id", FORWARD), ("sale_id", BACKWARD)}),
    Change("renamed with an alias", changed(id=None, sale_id={"type": "string", "aliases": ["id"]}),
           {("id", FORWARD)}),
    Change("renamed with an alias and a new default", changed(id=None, sale_id={**TEXT, "aliases": ["id"]}),
           {("id", FORWARD)}),
    Change("field with a default renamed with an alias", changed(tier=None, rank={**TEXT, "aliases": ["tier"]}), set()),
    Change("optional field renamed with an alias", changed(note=None, remark={**OPTIONAL, "aliases": ["note"]}), set()),
    Change("field with a default renamed without an alias", changed(tier=None, rank=TEXT), set()),
    Change("renamed to another type",
           changed(tier=None, rank={"type": "long", "default": 0, "aliases": ["tier"]}), {("rank", BACKWARD)}),
    Change("alias of a field that stays", changed(rank={**TEXT, "aliases": ["tier"]}), {("rank", ITSELF)},
           "Avro gives the old value to the alias, and the field itself its default"),
    Change("two fields become one", changed(tier=None, level={**TEXT, "aliases": ["tier"]}), {("level", BACKWARD)}),
    Change("default of the union's second type", changed(note={"type": ["string", "null"], "default": None}),
           {("note", ITSELF)}, "it does not look at defaults, but Java does when it loads the contract"),
    Change("field twice", {**OLD, "fields": [*OLD["fields"], OLD["fields"][0]]}, {("id", ITSELF)}),
    Change("record renamed", {**OLD, "name": "Trade"}, both(""),
           "Avro in Java reads a record whatever its name is, fastavro does not"),
    Change("record in another namespace", {**OLD, "namespace": "dev.other"}, set()),
]  # fmt: skip
