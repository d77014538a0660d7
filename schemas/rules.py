"""Hold an event against the rules in its contract: the publisher refuses by them, the jobs quarantine by them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

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
BITS = {"int": 31, "long": 63}


@dataclass(frozen=True)
class Violation:
    """The field at fault, and a sentence that says what was found and what is allowed."""

    field: str
    reason: str


# Given the value and the event: a sentence's end, or None. Values that are None are checked only for presence.
Check = Callable[[Any, Mapping[str, Any], int], str | None]


def violation(contract: Contract, event: Mapping[str, Any], now_ms: int) -> Violation | None:
    """The first rule the event breaks, or None; `now_ms` is the clock its event time is held against.

    Fields that the contract does not have are ignored, as the encoder ignores them.
    """
    for name, required, checks in _compiled(contract.name):
        value = event.get(name)
        if value is None and required and name not in event:
            return Violation(name, f"{name} is missing; every event has one")
        if value is None and required:
            return Violation(name, f"{name} is null; every event has one")
        for check in checks:
            found = check(value, event, now_ms)
            if found is not None:
                return Violation(name, f"{name} {found}")
    if contract.name == "click_event" and not event.get("user_id") and not event.get("anonymous_id"):
        return Violation("user_id", "user_id and anonymous_id are both missing; one is required")
    return None


@cache
def _compiled(name: str) -> list[tuple[str, bool, list[Check]]]:
    contract = schemas.load(name)
    return [
        (field["name"], "default" not in field and not isinstance(field["type"], list), _checks(field))
        for field in contract.fields
    ]


def _checks(field: Mapping[str, Any]) -> list[Check]:
    rules = [make(field[rule]) for rule, make in RULES.items() if rule in field]
    return [_type(_kind(field["type"])), *rules]


def _kind(avro: Any) -> str:
    """The name in TYPES of a field's type, without null."""
    if isinstance(avro, list):
        avro = next(branch for branch in avro if branch != "null")
    if isinstance(avro, dict):
        return str(avro["logicalType"] if avro.get("logicalType") in TYPES else avro["type"])
    return str(avro)


def _type(kind: str) -> Check:
    types, bits = TYPES[kind], BITS.get(kind)

    def check(value: Any, event: Mapping[str, Any], now_ms: int) -> str | None:
        if value is None:
            return None
        if type(value) not in types:
            return f"is {value!r:.64}; it must be {kind}"
        if bits is not None and not -(1 << bits) <= value < 1 << bits:
            return f"is {value}; it does not fit {kind}"
        if kind == "map" and not all(type(k) is str and type(v) is str for k, v in value.items()):
            return "holds something that is no text; keys and values must be"
        if kind == "timestamp-millis" and not isinstance(value, int) and value.tzinfo is None:
            return f"is {value}, without a time zone; give it UTC"
        return None

    return check


def _required_for(types: list[str]) -> Check:
    needing = frozenset(types)
    return lambda value, event, now_ms: (
        f"is missing; {event.get('event_type')} requires it"
        if (value is None or value == "") and event.get("event_type") in needing
        else None
    )


def _allowed(texts: list[str]) -> Check:
    allowed = frozenset(texts)
    listing = f"one of the {len(texts)} in the contract" if len(texts) > 8 else f"one of {', '.join(texts)}"
    return lambda value, event, now_ms: (
        None if value is None or value in allowed else f"is {value!r:.64}; it must be {listing}"
    )


def _pattern(name: str) -> Check:
    pattern, kind = PATTERNS[name]
    return lambda value, event, now_ms: (
        None if value is None or pattern.fullmatch(value) else f"is {value!r:.64}; it must be {kind}"
    )


def _minimum(least: int) -> Check:
    return lambda value, event, now_ms: (
        f"is {value}; the least is {least}" if value is not None and value < least else None
    )


def _maximum(most: int) -> Check:
    return lambda value, event, now_ms: (
        f"is {value}; the most is {most}" if value is not None and value > most else None
    )


def _max_length(most: int) -> Check:
    return lambda value, event, now_ms: (
        f"has {len(value)} characters; the most is {most}" if value is not None and len(value) > most else None
    )


def _max_entries(most: int) -> Check:
    return lambda value, event, now_ms: (
        f"has {len(value)} entries; the most is {most}" if value is not None and len(value) > most else None
    )


def _max_ahead_ms(most: int) -> Check:
    def check(value: Any, event: Mapping[str, Any], now_ms: int) -> str | None:
        ahead_ms = _milliseconds(value) - now_ms
        return f"is {ahead_ms} ms ahead; the most is {most} ms" if ahead_ms > most else None

    return check


def _max_behind_ms(most: int) -> Check:
    def check(value: Any, event: Mapping[str, Any], now_ms: int) -> str | None:
        behind_ms = now_ms - _milliseconds(value)
        return f"is {behind_ms} ms behind; the most is {most} ms" if behind_ms > most else None

    return check


def _milliseconds(moment: datetime | int) -> int:
    return moment if isinstance(moment, int) else int(moment.timestamp() * 1000)


RULES: Mapping[str, Callable[[Any], Check]] = {
    "required_for": _required_for,
    "allowed": _allowed,
    "pattern": _pattern,
    "minimum": _minimum,
    "maximum": _maximum,
    "max_length": _max_length,
    "max_entries": _max_entries,
    "max_ahead_ms": _max_ahead_ms,
    "max_behind_ms": _max_behind_ms,
}
