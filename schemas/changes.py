"""Say what a change to a contract breaks: which field, for which direction of reading, and whom."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from schemas.contract import Contract

# Avro's promotions: what is written as the key can be read as any of the values.
PROMOTIONS = {
    "int": {"long", "float", "double"},
    "long": {"float", "double"},
    "float": {"double"},
    "string": {"bytes"},
    "bytes": {"string"},
}
FORWARD, BACKWARD = "new events, old readers", "old events, new readers"
ITSELF = "any event, any reader"
# What the jobs have a column for, with the logical types they know.
COLUMNS = {"string", "int", "long", "double", "boolean", "bytes", "uuid", "timestamp-millis", "map of string"}
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


def compare(contract: Contract, version: str, old: dict[str, Any]) -> list[Finding]:
    """What the change from `old` to the contract breaks, in both directions, field by field."""
    new, record = contract.definition, contract.name
    return [
        *_unreadable(record, version, writer=old, reader=new, direction=BACKWARD),
        *_unreadable(record, version, writer=new, reader=old, direction=FORWARD),
        *_renamed(record, version, old, new),
        *_stricter(record, version, old, new),
    ]


def flaws(contract: Contract) -> list[Finding]:
    """What nobody could use in the contract as it stands, whatever was before it; the registry takes most of it."""
    record, names = contract.name, [field["name"] for field in contract.fields]
    found: list[tuple[str, str]] = []
    for field in contract.fields:
        branches = field["type"] if isinstance(field["type"], list) else [field["type"]]
        kinds = [_type(branch) for branch in branches if branch != "null"]
        if len(kinds) != 1 or kinds[0] not in COLUMNS:
            what = f"is {_type(field['type'])}, which no column of a job can hold; use {', '.join(sorted(COLUMNS))}"
            found.append((field["name"], f"{what}, or one of them with null"))
        if "default" in field and (field["default"] is None) != (branches[0] == "null"):
            found.append((field["name"], "has a default that is not of its first type: Java refuses to load it"))
        for taken in sorted({*field.get("aliases", ())} & {*names}):
            found.append((field["name"], f"takes its alias {taken} from a field beside it, which old events lose"))
    found += [(name, "is there twice") for name in sorted({name for name in names if names.count(name) > 1})]
    return [Finding(record, "itself", name, ITSELF, f"{record}.{name} {what}", True) for name, what in found]


def _unreadable(
    record: str, version: str, writer: dict[str, Any], reader: dict[str, Any], direction: str
) -> Iterator[Finding]:
    """Fields of the reader that it cannot fill from what the writer wrote."""
    whom = ("who still reads by" if direction == FORWARD else "jobs that read what was published by") + f" {version}"
    if writer["name"] != reader["name"]:
        renaming = f"was written as a {writer['name']} and would be read as a {reader['name']}"
        yield Finding(record, version, "", direction, f"{record} {renaming}: it breaks {whom}; keep the name", True)
    written = {field["name"]: field for field in writer["fields"]}
    for field in reader["fields"]:
        sources = [written[name] for name in (field["name"], *field.get("aliases", ())) if name in written]
        change = _change(field, sources, direction)
        if change is not None:
            what, advice = change
            sentence = f"{record}.{field['name']} {what}: it breaks {whom}; {advice}"
            yield Finding(record, version, field["name"], direction, sentence, True)


def _change(field: dict[str, Any], sources: list[dict[str, Any]], direction: str) -> tuple[str, str] | None:
    """Why `field` cannot be filled from what was written under its names, and what to do; None where it can."""
    if len(sources) > 1:
        return f"was written as {' and as '.join(source['name'] for source in sources)}", "take the alias away"
    if sources:
        was, wanted = sources[0]["type"], field["type"]
        if _readable(was, wanted):
            return None
        return f"was written as {_type(was)} and would be read as {_type(wanted)}", "add a new field instead"
    if "default" in field:
        return None
    if direction == FORWARD:
        return "is gone", "keep it: it had no default"
    return "is new and has no default", "give it one"


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


def _renamed(record: str, version: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Finding]:
    """Fields under a new name: the alias is in the new contract, so old readers do not know it."""
    before = {field["name"]: field for field in old["fields"]}
    for field in new["fields"]:
        for name in sorted({*field.get("aliases", ())} & {*before}):
            if "default" in before[name]:
                sentence = (
                    f"{record}.{name} is now {field['name']}: who still reads by {version} finds its default, "
                    f"{json.dumps(before[name]['default'])}, in new events; move the readers before the publishers"
                )
                yield Finding(record, version, name, FORWARD, sentence, False)


def _stricter(record: str, version: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Finding]:
    """Rules that would make dead letters of events which publishers by the old version rightly send."""
    before = {field["name"]: field for field in old["fields"]}
    for field in new["fields"]:
        was = next((before[name] for name in (field["name"], *field.get("aliases", ())) if name in before), None)
        if was is None:
            continue
        changes = [f"{rule} rises to {field[rule]}" for rule in LEAST if field.get(rule, NONE) > was.get(rule, NONE)]
        changes += [f"{rule} falls to {field[rule]}" for rule in MOST if field.get(rule, ANY) < was.get(rule, ANY)]
        if "pattern" in field and field["pattern"] != was.get("pattern"):
            changes.append(f"it must now be a {field['pattern']}")
        if "allowed" in field and "allowed" not in was:
            changes.append(f"only {', '.join(field['allowed'])} are now allowed")
        lost = {*was.get("allowed", ())} - {*field.get("allowed", was.get("allowed", ()))}
        changes += [f"{', '.join(sorted(lost))} is no longer allowed"] if lost else []
        needed = {*field.get("required_for", ())} - {*was.get("required_for", ())}
        changes += [f"it is now required for {', '.join(sorted(needed))}"] if needed else []
        for change in changes:
            sentence = f"{record}.{field['name']}: {change}: events by {version} may become dead letters"
            yield Finding(record, version, field["name"], "old events, new rules", sentence, False)


def _type(avro: Any) -> str:
    if isinstance(avro, list):
        return " or ".join(_type(branch) for branch in avro)
    if isinstance(avro, dict):
        if avro["type"] == "map":
            return f"map of {_type(avro['values'])}"
        return str(avro.get("logicalType") or avro["type"])
    return str(avro)
