"""Publish dead letters again after a fix: those that are events by now, each under the id that it always had.

Again and again is harmless: what landed is passed over, what is on its way has the same event id, which the jobs drop
within their horizon. It triggers no coupon: causes older than [coupons] longest_past earn none, and a younger one gives
the coupon id that it gave before.
"""

import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any
from uuid import UUID, uuid5

import duckdb
import fastavro
from fastavro.types import Schema

import schemas
import warehouse
from errors import ProblemFound, Refused, SettingsError
from ingest.files import typed
from ingest.lane import Delivery
from ingest.publisher import Publisher
from schemas import registry
from schemas.rules import violation
from schemas.topics import CLICK_TOPICS, CLICKS
from settings import Pulsar

# Names the ids of events whose own id was what broke the contract.
REDRIVEN = UUID("3d0c7a52-0b1c-5a53-9c36-6f0f4b0e2027")
# The message property that names the message published again.
PROPERTY = "redriven"
ROWS = 1_000
PARTITION = re.compile(r"-partition-\d+$")


@dataclass
class Redriven:
    """What became of the dead letters selected; a repeat is one that landed since, or the same event twice."""

    selected: int = 0
    published: int = 0
    repeats: int = 0
    refused: int = 0


def assignments(pairs: Iterable[str]) -> dict[str, Any]:
    """Read field=value pairs, each value as its field has it; nothing after = is null. Raises SettingsError."""
    fields = [known["name"] for known in schemas.load(CLICKS.record).fields]
    values = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or name not in fields or name in ("event_id", "properties"):
            raise SettingsError(f"set: {pair!r} must be field=value with a field of {', '.join(fields)}, but no id")
        try:
            values[name] = typed(name, value) if value else None
        except Refused as error:
            raise SettingsError(f"set: {error}") from None
    return values


def redrive(
    where: str,
    broker: Pulsar,
    ledger: Path,
    *,
    values: Mapping[str, Any] | None = None,
    only_check: bool = False,
    folder: Path | None = None,
    refused: Callable[[str, str], None] = lambda _where, _why: None,
) -> Redriven:
    """Publish again every dead letter that `where`, an SQL condition on the view dead_letters, selects.

    `values` replace fields in each before it is held against the contract; `refused` is told message id and reason
    of each that still breaks it. `ledger` gets a line of JSON for each that the broker took. Raises ProblemFound for
    a condition that DuckDB refuses, Unreachable without a broker.
    """
    done = Redriven()
    writers = {
        topic.path: [_readable(definition) for definition in registry.versions(broker, topic)] for topic in CLICK_TOPICS
    }
    with ExitStack() as running:
        publisher = None
        if not only_check:
            taken = running.enter_context(_ledger(ledger))
            publisher = running.enter_context(Publisher(broker, on_delivery=lambda delivery: _note(taken, delivery)))
        seen: set[str] = set()
        for batch in _dead_letters(where, folder):
            events: list[tuple[dict[str, Any], dict[str, Any]]] = []
            for letter in batch:
                done.selected += 1
                try:
                    events.append((letter, _event(letter, writers[_path(letter["topic"])], values or {})))
                except Refused as reason:
                    done.refused += 1
                    refused(letter["message_id"], str(reason))
            landed = landed_of([event["event_id"] for _, event in events], folder)
            for letter, event in events:
                if event["event_id"] in landed or event["event_id"] in seen:
                    done.repeats += 1
                    continue
                seen.add(event["event_id"])
                done.published += 1
                if publisher is not None:
                    _publish(publisher, letter, event)
    return done


def _publish(publisher: Publisher, letter: Mapping[str, Any], event: dict[str, Any]) -> None:
    note = {"event_id": event["event_id"], "topic": letter["topic"], "message_id": letter["message_id"]}
    key = str(event.get("user_id") or event["anonymous_id"])
    mark = {PROPERTY: letter["message_id"]}
    publisher.send(publisher.encode(event), key, note, properties=mark, tier=event["membership_tier"])


def _dead_letters(where: str, folder: Path | None) -> Iterator[list[dict[str, Any]]]:
    # On lines of its own, so that a comment in it ends there; warehouse lets nothing pass that does more than read.
    query = f"SELECT topic, message_id, schema_version, payload FROM dead_letters WHERE (\n{where}\n)"
    with warehouse.connect(folder) as landed:
        try:
            rows = landed.execute(f"{query} ORDER BY first_seen_at, message_id")
            names = [column[0] for column in rows.description or []]
            while batch := rows.fetchmany(ROWS):
                yield [dict(zip(names, row, strict=True)) for row in batch]
        except duckdb.Error as error:
            raise ProblemFound(f"redrive: --where {where!r}: {error}") from None


def _event(letter: Mapping[str, Any], writers: list[Schema], values: Mapping[str, Any]) -> dict[str, Any]:
    """The event in a dead letter, mended; raises Refused for one that is still none."""
    contract, version = schemas.load(CLICKS.record), letter["schema_version"]
    if version is not None and not 0 <= version < len(writers):
        raise Refused(f"schema version {version} is unknown to the registry; register it first")
    reader = _readable(contract.definition)
    writer = reader if version is None else writers[version]
    content = io.BytesIO(letter["payload"])
    try:
        event: Any = fastavro.schemaless_reader(content, writer, reader)
    except Exception as error:  # fastavro throws a dozen kinds at garbage
        raise Refused(f"still no {contract.definition['name']} in Avro: {type(error).__name__} {error}") from None
    if content.read(1):
        raise Refused(f"still no {contract.definition['name']} in Avro: bytes are left over")
    event |= values
    now_ms = int(datetime.now(UTC).timestamp() * 1000)
    broken = violation(contract, event, now_ms)
    if broken is not None and broken.field == "event_id":
        # Always the same for a message, so that doing it again repeats it.
        event["event_id"] = str(uuid5(REDRIVEN, f"{letter['topic']}\x1f{letter['message_id']}"))
        broken = violation(contract, event, now_ms)
    if broken is not None:
        raise Refused(f"still breaks the contract: {broken.reason}")
    return dict(event)


def _path(topic: str) -> str:
    """namespace/name of a letter's topic, which is named in full, with its partition."""
    return PARTITION.sub("", topic.split("/", 3)[3])


def _readable(definition: Mapping[str, Any]) -> Schema:
    """The schema with ids as text: fastavro makes a UUID of a good one and gives up on a bad one."""
    plain = json.loads(json.dumps(definition))
    for field in plain["fields"]:
        if isinstance(field["type"], dict) and field["type"].get("logicalType") == "uuid":
            field["type"] = field["type"]["type"]
    return fastavro.parse_schema(plain)


def landed_of(ids: list[str], folder: Path | None) -> set[str]:
    """Those of the ids that are in events, however long ago they landed."""
    query = "SELECT DISTINCT event_id FROM events WHERE list_contains($ids, event_id)"
    return {row["event_id"] for row in warehouse.query(query, folder, {"ids": ids})} if ids else set()


def _ledger(file: Path) -> IO[str]:
    file.parent.mkdir(parents=True, exist_ok=True)
    return file.open("a", encoding="utf-8", buffering=1)


def _note(ledger: IO[str], delivery: Delivery) -> None:
    if delivery.failure is None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        ledger.write(json.dumps({**delivery.event, "redriven_as": delivery.message_id, "at": at}) + "\n")
