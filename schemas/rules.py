"""Hold an event against the rules in its contract: the publisher refuses by them, the jobs quarantine by them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

import schemas
from schemas import Contract

UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
CURRENCY = re.compile(r"[A-Z]{3}")
PATTERNS = {"uuid": (UUID, "a UUID"), "currency": (CURRENCY, "three capital letters")}
# Avro's types in Python, exactly: bool is an int to Python, not to Avro.
TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "int": (int,),
    "long": (int,),
    "double": (float, int),
    "boolean": (bool,),
    "bytes": (bytes,),
    "timestamp-millis": (datetime, int),
    "map": (dict,),
}
BITS = {"int": 31, "long": 63, "timestamp-millis": 63}


@dataclass(frozen=True)
class Violation:
    """The field at fault, and a sentence that says what was found and what is allowed."""

    field: str
    reason: str


# Given a value of the right type and the clock: the end of a sentence, or None.
Check = Callable[[Any, int], str | None]


class Field(NamedTuple):
    """One field's rules, compiled: 30,000 events a second pass nineteen of them."""

    name: str
    usual: type
    optional: bool
    checks: tuple[Check, ...]
    kind: str
    nullable: bool
    required: bool
    needed_by: frozenset[str]


def violation(contract: Contract, event: Mapping[str, Any], now_ms: int) -> Violation | None:
    """The first rule the event breaks, in the contract's order of fields, or None.

    `now_ms` is the clock its event time is held against. Fields that the contract does not have are ignored, as the
    encoder ignores them.
    """
    get = event.get
    for field, (name, usual, optional, checks) in _compiled(contract.name):
        value = get(name)
        if value is None and optional:
            continue
        if not value or type(value) is not usual:
            found = _unusual(field, value, event)
            if found is not None:
                return Violation(name, f"{name} {found}")
            if value is None:
                continue
        for check in checks:
            found = check(value, now_ms)
            if found is not None:
                return Violation(name, f"{name} {found}")
    if contract.name == "click_event" and not event.get("user_id") and not event.get("anonymous_id"):
        return Violation("user_id", "user_id and anonymous_id are both missing; one is required")
    return None


def _unusual(field: Field, value: Any, event: Mapping[str, Any]) -> str | None:
    """What is wrong with a value that is missing, null, empty or of another type than most are."""
    if (value is None or value == "") and field.needed_by and event.get("event_type") in field.needed_by:
        return f"is missing; {event['event_type']} requires it"
    if value is None:
        if field.name in event:
            return None if field.nullable else "is null; every event has one"
        return "is missing; every event has one" if field.required else None
    return None if type(value) in TYPES[field.kind] else f"is {value!r:.64}; it must be {field.kind}"


@cache
def _compiled(name: str) -> list[tuple[Field, tuple[str, type, bool, tuple[Check, ...]]]]:
    fields = [_field(field) for field in schemas.load(name).fields]
    return [(field, field[:4]) for field in fields]


def _field(field: Mapping[str, Any]) -> Field:
    kind = _kind(field["type"])
    rules = [make(field[rule]) for rule, make in RULES.items() if rule in field]
    nullable = isinstance(field["type"], list)
    return Field(
        name=field["name"],
        usual=TYPES[kind][0],
        optional=nullable and "required_for" not in field,
        checks=(*_encodable(kind, field), *rules),
        kind=kind,
        nullable=nullable,
        required="default" not in field and not nullable,
        needed_by=frozenset(field.get("required_for", ())),
    )


def _kind(avro: Any) -> str:
    """The name in TYPES of a field's type, without null."""
    if isinstance(avro, list):
        avro = next(branch for branch in avro if branch != "null")
    if isinstance(avro, dict):
        return str(avro["logicalType"] if avro.get("logicalType") in TYPES else avro["type"])
    return str(avro)


def _encodable(kind: str, field: Mapping[str, Any]) -> list[Check]:
    """What Avro itself asks of a value of this kind; a listed or matched text needs no such check."""
    if kind in BITS:
        return [_fits(kind, BITS[kind])]
    if kind == "map":
        return [_texts]
    return [_text] if kind == "string" and not {"allowed", "pattern"} & field.keys() else []


def _fits(kind: str, bits: int) -> Check:
    def check(value: int | datetime, now_ms: int) -> str | None:
        if isinstance(value, datetime):
            return f"is {value}, without a time zone; give it UTC" if value.tzinfo is None else None
        return None if -(1 << bits) <= value < 1 << bits else f"is {value}; it does not fit {kind}"

    return check


def _text(value: str, now_ms: int) -> str | None:
    """Half a surrogate pair, which JSON may carry, has no UTF-8."""
    if value.isascii():
        return None
    try:
        value.encode()
    except UnicodeEncodeError:
        return f"is {value!r:.64}; it must be text that UTF-8 can write"
    return None


def _texts(value: dict[Any, Any], now_ms: int) -> str | None:
    for text in (*value.keys(), *value.values()):
        if type(text) is not str:
            return "holds something that is no text; keys and values must be"
        if _text(text, now_ms):
            return f"holds {text!r:.64}; it must be text that UTF-8 can write"
    return None


def _allowed(texts: list[str]) -> Check:
    allowed = frozenset(texts)
    listing = f"one of the {len(texts)} in the contract" if len(texts) > 8 else f"one of {', '.join(texts)}"
    return lambda value, now_ms: None if value in allowed else f"is {value!r:.64}; it must be {listing}"


def _pattern(name: str) -> Check:
    pattern, kind = PATTERNS[name]
    matches = pattern.fullmatch
    return lambda value, now_ms: None if matches(value) else f"is {value!r:.64}; it must be {kind}"


def _minimum(least: int) -> Check:
    return lambda value, now_ms: f"is {value}; the least is {least}" if value < least else None


def _maximum(most: int) -> Check:
    return lambda value, now_ms: f"is {value}; the most is {most}" if value > most else None


def _max_length(most: int) -> Check:
    return lambda value, now_ms: f"has {len(value)} characters; the most is {most}" if len(value) > most else None


def _max_entries(most: int) -> Check:
    return lambda value, now_ms: f"has {len(value)} entries; the most is {most}" if len(value) > most else None


def _max_ahead_ms(most: int) -> Check:
    def check(value: Any, now_ms: int) -> str | None:
        ahead_ms = _milliseconds(value) - now_ms
        return f"is {ahead_ms} ms ahead; the most is {most} ms" if ahead_ms > most else None

    return check


def _max_behind_ms(most: int) -> Check:
    def check(value: Any, now_ms: int) -> str | None:
        behind_ms = now_ms - _milliseconds(value)
        return f"is {behind_ms} ms behind; the most is {most} ms" if behind_ms > most else None

    return check


def _milliseconds(moment: datetime | int) -> int:
    return moment if isinstance(moment, int) else int(moment.timestamp() * 1000)


# In the order they are held; required_for is about absence and stands apart.
RULES: Mapping[str, Callable[[Any], Check]] = {
    "allowed": _allowed,
    "pattern": _pattern,
    "minimum": _minimum,
    "maximum": _maximum,
    "max_length": _max_length,
    "max_entries": _max_entries,
    "max_ahead_ms": _max_ahead_ms,
    "max_behind_ms": _max_behind_ms,
}
