"""Publish the rows of a file as events: CSV, JSON lines or Parquet, at their own pace or faster."""

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import duckdb

import schemas
from errors import Refused, SettingsError
from ingest.publisher import Publisher
from ingest.spool import Spool
from settings import Deferral, Pulsar

# Names the ids of rows that bring none, so that a second replay gives the same ones and is dropped.
ROWS = UUID("0d6a3f6e-62a5-5a55-8f8b-3f1a9a5d2027")
TIMES = ("occurred_at", "sent_at")
WHOLE_NUMBERS = ("quantity", "price_minor")
# Text throughout for CSV: 007 is a product, not a number.
READERS = {"csv": "read_csv(?, all_varchar = true, header = true)", "parquet": "read_parquet(?)"}


@dataclass(frozen=True)
class Replay:
    """What to publish: `columns` maps a field to the file's column; `speed` 0 is at once, 1 as it happened.

    `unmapped` columns go to properties ("properties") or make the row wrong ("refuse").
    """

    file: Path
    format: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    speed: float = 0.0
    shift_to_now: bool = False
    unmapped: str = "properties"


@dataclass
class Done:
    published: int = 0
    refused: int = 0
    # In the spool, because the broker was away.
    unsent: int = 0
    # Sent to the side topic, of those published.
    deferred: int = 0


def mapping(pairs: Iterable[str]) -> dict[str, str]:
    """Read field=column pairs; raises SettingsError for a field that the contract has not."""
    fields = [known["name"] for known in schemas.load("click_event").fields]
    columns = {}
    for pair in pairs:
        name, equals, column = pair.partition("=")
        if not equals or name not in fields:
            raise SettingsError(f"map: {pair!r} must be field=column with a field of {', '.join(fields)}")
        columns[name] = column
    return columns


def replay(
    plan: Replay,
    broker: Pulsar,
    refused: Callable[[str, str], None] = lambda _where, _why: None,
    spool: Path | None = None,
    progress: Callable[[int], None] = lambda _rows: None,
    deferral: Deferral | None = None,
) -> Done:
    """Publish every row that is an event; `refused` is told where and why of each that is not,
    `progress` after each row how many were.

    With a `spool` folder the broker may be away. Raises SettingsError for a file that cannot be read, Unreachable
    without a broker, SpoolFull.
    """
    # Before the broker is asked for anything.
    _kind(plan)
    done = Done()
    started, now, first = time.monotonic(), datetime.now(UTC), None
    with Publisher(broker, spool=Spool(spool, sync=False) if spool else None, deferral=deferral) as publisher:
        for where, row in _rows(plan):
            try:
                event = _event(plan, where, row)
                first = first or event["occurred_at"]
                if plan.speed:
                    due_s = (event["occurred_at"] - first).total_seconds() / plan.speed
                    time.sleep(max(0.0, due_s - (time.monotonic() - started)))
                if plan.shift_to_now:
                    since_first = (event["occurred_at"] - first) / (plan.speed or 1)
                    event["occurred_at"] = now + since_first
                event.pop("sent_at", None)
                publisher.publish(event)
                done.published += 1
            except Refused as reason:
                done.refused += 1
                refused(where, str(reason))
            progress(done.published + done.refused)
    done.unsent, done.deferred = publisher.unsent, publisher.deferred
    return done


def count_rows(plan: Replay) -> int | None:
    """How many rows the file has, at most; None where only reading tells. Raises SettingsError as `replay` does."""
    kind = _kind(plan)
    # A pipe can be read once.
    if kind == "stdin" or not plan.file.is_file():
        return None
    if kind == "jsonl":
        with plan.file.open("rb") as lines:
            return sum(1 for _ in lines)
    with duckdb.connect() as database:
        try:
            (count,) = database.execute(f"SELECT count(*) FROM {READERS[kind]}", [str(plan.file)]).fetchall()[0]
            return int(count)
        except duckdb.Error as error:
            raise _unreadable(plan, kind, error) from None


def _kind(plan: Replay) -> str:
    """stdin, jsonl, csv or parquet."""
    if str(plan.file) == "-":
        return "stdin"
    if not plan.file.exists():
        raise SettingsError(f"{plan.file}: no such file")
    if plan.file.is_dir():
        raise SettingsError(f"{plan.file}: this is a folder; name a file in it")
    kind = plan.format or plan.file.suffix.removeprefix(".")
    if kind in ("jsonl", "ndjson", "json"):
        return "jsonl"
    if kind not in READERS:
        raise SettingsError(f"{plan.file}: unknown kind {kind!r}; there are csv, jsonl and parquet")
    return kind


def _unreadable(plan: Replay, kind: str, error: duckdb.Error) -> SettingsError:
    return SettingsError(f"{plan.file}: cannot read it as {kind}: {str(error).splitlines()[0]}")


def _rows(plan: Replay) -> Iterator[tuple[str, dict[str, Any] | bytes]]:
    """Each row with its place, file:line; a line of JSON comes as it is."""
    kind = _kind(plan)
    if kind in ("stdin", "jsonl"):
        with nullcontext(sys.stdin.buffer) if kind == "stdin" else plan.file.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield f"{plan.file}:{number}", line
        return
    with duckdb.connect() as database:
        try:
            rows = database.execute(f"SELECT * FROM {READERS[kind]}", [str(plan.file)])
            names = [column[0] for column in rows.description or []]
            number = 1
            while batch := rows.fetchmany(5_000):
                for values in batch:
                    number += 1
                    yield f"{plan.file}:{number}", dict(zip(names, values, strict=True))
        except duckdb.Error as error:
            raise _unreadable(plan, kind, error) from None


def _event(plan: Replay, where: str, row: dict[str, Any] | bytes) -> dict[str, Any]:
    if isinstance(row, bytes):
        try:
            row = json.loads(row)
        except (ValueError, RecursionError) as error:
            raise Refused(f"not JSON: {error}") from None
        if not isinstance(row, dict):
            raise Refused(f"is {type(row).__name__}; a line must be a JSON object")
    fields = {known["name"]: known for known in schemas.load("click_event").fields}
    columns = {**{name: name for name in fields}, **plan.columns}
    event: dict[str, Any] = {name: row[column] for name, column in columns.items() if row.get(column) not in (None, "")}
    left = {k: v for k, v in row.items() if k not in columns.values() and v not in (None, "")}
    if left and plan.unmapped == "refuse":
        raise Refused(f"no field {next(iter(left))!r} in the contract; put it under properties")
    properties = event.get("properties") or {}
    if left and isinstance(properties, dict):
        event["properties"] = {**properties, **{name: str(value) for name, value in left.items()}}
    for name in TIMES:
        if name in event:
            event[name] = _moment(name, event[name])
    for name in WHOLE_NUMBERS:
        if isinstance(event.get(name), str):
            event[name] = _number(name, event[name])
    if "occurred_at" not in event:
        raise Refused("occurred_at is missing; every event has one")
    if "event_id" not in event:
        event["event_id"] = str(
            uuid5(ROWS, f"{plan.file.name}\x1f{where.rpartition(':')[2]}\x1f{sorted(event.items())}")
        )
    event.setdefault("source", "import")
    event.setdefault("session_id", str(event.get("user_id") or event.get("anonymous_id") or ""))
    return event


def typed(name: str, value: str) -> Any:
    """A field's value from its text; raises Refused."""
    if name in TIMES:
        return _moment(name, value)
    return _number(name, value) if name in WHOLE_NUMBERS else value


def _moment(name: str, value: Any) -> datetime:
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    try:
        if isinstance(value, int) or str(value).isdigit():
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(value))
        moment = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError):
        raise Refused(f"{name} is {value!r:.64}; it must be ISO 8601 or milliseconds since 1970") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _number(name: str, value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise Refused(f"{name} is {value!r:.64}; it must be a whole number") from None
