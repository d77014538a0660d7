"""Tell, before anything is deployed, which change to a contract would break whom."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import schemas
from errors import Unreachable
from schemas import Contract, registry
from schemas.contract import FOLDER
from schemas.topics import TOPICS
from settings import Pulsar, read

RELEASED = FOLDER / "released"
# Avro's promotions: what is written as the key can be read as any of the values.
PROMOTIONS = {
    "int": {"long", "float", "double"},
    "long": {"float", "double"},
    "float": {"double"},
    "string": {"bytes"},
    "bytes": {"string"},
}
# Rules that turn a publisher's event into a dead letter when they get stricter.
NONE, ANY = -(2**63), 2**63
LEAST, MOST = ("minimum",), ("maximum", "max_length", "max_entries", "max_ahead_ms", "max_behind_ms")


@dataclass(frozen=True)
class Finding:
    """One change and whom it hurts; `breaks` is False for a warning."""

    record: str
    version: str
    field: str
    direction: str
    sentence: str
    breaks: bool


def check(folder: Path = RELEASED) -> list[Finding]:
    """Compare every contract with each released version, and with the registry's where a broker answers."""
    findings: list[Finding] = []
    for name in schemas.names():
        contract = schemas.load(name)
        for version, definition in {**_released(name, folder), **_registered(name)}.items():
            findings += compare(contract, version, definition)
    return findings


def compare(contract: Contract, version: str, old: dict[str, Any]) -> list[Finding]:
    """What the change from `old` to the contract breaks, in both directions, field by field."""
    new = contract.definition
    return [
        *_unreadable(contract.name, version, writer=old, reader=new, direction="old events, new readers"),
        *_unreadable(contract.name, version, writer=new, reader=old, direction="new events, old readers"),
        *_stricter(contract.name, version, old, new),
    ]


def _released(name: str, folder: Path) -> dict[str, dict[str, Any]]:
    return {
        f"released version {path.stem}": json.loads(path.read_text(encoding="utf-8"))
        for path in sorted((folder / name).glob("*.avsc"), key=lambda path: int(path.stem))
    }


def _registered(name: str) -> dict[str, dict[str, Any]]:
    try:
        topics = [topic for topic in TOPICS if topic.record == name]
        return {
            f"version {number} in the registry of {topic.path}": definition
            for topic in topics
            for number, definition in enumerate(registry.versions(read(Pulsar), topic))
        }
    except Unreachable:
        # Without a broker the released versions must do.
        return {}


def _unreadable(
    record: str, version: str, writer: dict[str, Any], reader: dict[str, Any], direction: str
) -> Iterator[Finding]:
    """Fields of the reader that it cannot fill from what the writer wrote."""
    written = {field["name"]: field for field in writer["fields"]}
    for field in reader["fields"]:
        name = field["name"]
        source = next((written[n] for n in (name, *field.get("aliases", ())) if n in written), None)
        old_readers = direction.startswith("new")
        whom = f"who still reads by {version}" if old_readers else f"jobs that read what was published by {version}"
        if source is None:
            if "default" not in field:
                change = "is gone" if old_readers else "is new and has no default"
                advice = "keep it, or release a version where it has a default first" if old_readers else "give it one"
                yield Finding(
                    record, version, name, direction, f"{record}.{name} {change}: it breaks {whom}; {advice}", True
                )
        elif not _readable(source["type"], field["type"]):
            yield Finding(
                record,
                version,
                name,
                direction,
                f"{record}.{name} was written as {_type(source['type'])} and would be read as {_type(field['type'])}: "
                f"it breaks {whom}; add a new field instead",
                True,
            )


def _readable(written: Any, wanted: Any) -> bool:
    if isinstance(written, list):
        return all(_readable(branch, wanted) for branch in written)
    if isinstance(wanted, list):
        return any(_readable(written, branch) for branch in wanted)
    if isinstance(written, dict) and isinstance(wanted, dict) and written["type"] == wanted["type"] == "map":
        return _readable(written["values"], wanted["values"])
    # A time in other units is the same long to Avro, and silently a thousand times off.
    units = [kind.get("logicalType", "") if isinstance(kind, dict) else "" for kind in (written, wanted)]
    if any(unit.startswith("timestamp") for unit in units) and units[0] != units[1]:
        return False
    one, other = (kind["type"] if isinstance(kind, dict) else kind for kind in (written, wanted))
    return bool(one == other or other in PROMOTIONS.get(one, ()))


def _stricter(record: str, version: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Finding]:
    """Rules that would make dead letters of events which publishers by the old version rightly send."""
    before = {field["name"]: field for field in old["fields"]}
    for field in new["fields"]:
        was = before.get(field["name"])
        if was is None:
            continue
        changes = [f"{rule} rises to {field[rule]}" for rule in LEAST if field.get(rule, NONE) > was.get(rule, NONE)]
        changes += [f"{rule} falls to {field[rule]}" for rule in MOST if field.get(rule, ANY) < was.get(rule, ANY)]
        lost = set(was.get("allowed", ())) - set(field.get("allowed", was.get("allowed", ())))
        changes += [f"{', '.join(sorted(lost))} is no longer allowed"] if lost else []
        needed = set(field.get("required_for", ())) - set(was.get("required_for", ()))
        changes += [f"it is now required for {', '.join(sorted(needed))}"] if needed else []
        for change in changes:
            yield Finding(
                record,
                version,
                field["name"],
                "old events, new rules",
                f"{record}.{field['name']}: {change}: events by {version} may become dead letters",
                False,
            )


def _type(avro: Any) -> str:
    if isinstance(avro, list):
        return " or ".join(_type(branch) for branch in avro)
    if isinstance(avro, dict):
        return str(avro.get("logicalType") or avro["type"])
    return str(avro)
