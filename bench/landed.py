"""Land a day of many events in as many files as the jobs leave of such a day, for questions to be measured on.

An hour is copies of one block of the simulated shop's visits, each with shoppers, visits, orders and ids of its own.
"""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench.backlog import made, record
from warehouse.tables import TABLES

DAY = datetime(2026, 11, 11, tzinfo=UTC)
HOURS = 24
HOUR_MS = 3_600_000
# The landing job closes a file a subtask every 5 s.
FILES_PER_HOUR = 2 * 720
# More events than that are made once and copied.
BLOCK = 250_000
# Of the landed columns; the others are the contract's defaults or null.
OWN = ("event_id", "shopper_id", "user_id", "anonymous_id", "session_id", "order_id")
ARROW = {
    "INTEGER": pa.int32(),
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
    "BLOB": pa.binary(),
    "TIMESTAMP WITH TIME ZONE": pa.timestamp("ms", tz="UTC"),
    "MAP(VARCHAR, VARCHAR)": pa.map_(pa.string(), pa.string()),
}


def land(folder: Path, events: int, files_per_hour: int = FILES_PER_HOUR) -> list[int]:
    """Land so many events, their decisions and conversion figures; gives the visits that reached each step.

    A multiple of 24 is landed exactly, in order of event time within each hour.
    """
    hourly = events // HOURS
    copies = max(1, round(hourly / BLOCK))
    block = _block(hourly // copies)
    for hour in range(HOURS):
        parts = max(1, files_per_hour // copies)
        for copy in range(copies):
            table = _copied(block, f"{hour:02}{copy:03}", hour, copy, copies)
            _write(folder, "events", hour, copy, table, parts)
    _land_sql(folder, files_per_hour)
    return [HOURS * copies * visits for visits in reached(block)]


def reached(block: pa.Table) -> list[int]:
    """How many visits of a block took each step of the funnel and all before it, counted in plain Python."""
    steps = ("product_viewed", "product_added", "checkout_started", "order_completed")
    taken: dict[tuple[str, str], set[str]] = {}
    columns = (block[name].to_pylist() for name in ("shopper_id", "session_id", "event_type"))
    for shopper, session, kind in zip(*columns, strict=True):
        taken.setdefault((shopper, session), set()).add(kind)
    return [sum(set(steps[:step]) <= kinds for kinds in taken.values()) for step in range(1, len(steps) + 1)]


def _block(events: int) -> pa.Table:
    """So many events of one hour that starts at 0; their ids end where a copy's begin."""
    rows: list[dict[str, Any]] = []
    for number, one in enumerate(itertools.islice(_first_deliveries(events), events)):
        at = number * HOUR_MS // events
        times = dict.fromkeys(("occurred_at", "sent_at", "published_at", "appended_at", "read_at"), at)
        origin = {"shopper_id": one.key, "topic": "clicks-0", "message_id": f"1:{number}:0:0", "schema_version": 0}
        rows.append({"properties": {}, **record(one), **times, **origin})
    schema = pa.schema({name: ARROW.get(kind, pa.string()) for name, kind in TABLES["events"].columns.items()})
    return pa.Table.from_pylist(rows, schema=schema)


def _first_deliveries(events: int) -> Iterator[Any]:
    return (one for one in made(events * 2, 0) if not one.repeated)


def _copied(block: pa.Table, mark: str, hour: int, copy: int, copies: int) -> pa.Table:
    """The block as this copy's share of the hour."""
    start_ms = round(DAY.timestamp() * 1000) + hour * HOUR_MS + copy * HOUR_MS // copies
    table = block
    for name in OWN:
        own = pc.binary_join_element_wise(block[name], mark, "")
        if name == "event_id":
            # It stays a UUID: the mark takes the place of its last digits.
            own = pc.binary_join_element_wise(pc.utf8_slice_codeunits(block[name], 0, 31), mark, "")
        table = table.set_column(table.schema.get_field_index(name), table.schema.field(name), own)
    for name in ("occurred_at", "sent_at", "published_at", "appended_at", "read_at"):
        ms = pc.add(pc.divide(pc.cast(block[name], pa.int64()), copies), start_ms)
        moment = pc.cast(ms, ARROW["TIMESTAMP WITH TIME ZONE"])
        table = table.set_column(table.schema.get_field_index(name), table.schema.field(name), moment)
    return table


def _write(folder: Path, name: str, hour: int, copy: int, table: pa.Table, parts: int) -> None:
    place = hour_folder(folder, name, hour)
    place.mkdir(parents=True, exist_ok=True)
    rows = max(1, -(-table.num_rows // parts))
    for part, start in enumerate(range(0, table.num_rows, rows)):
        pq.write_table(table.slice(start, rows), place / f"part-{copy}-{part}.parquet", compression="zstd")


def _land_sql(folder: Path, files_per_hour: int) -> None:
    """Decisions of every fiftieth view, and the conversion figures of every window of 400 values."""
    queries = (Path(__file__).parent / "sql" / "landed.sql").read_text(encoding="utf-8").split(";")
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        for hour in range(HOURS):
            start = DAY + timedelta(hours=hour)
            for name, query in zip(("decisions", "conversion"), queries, strict=False):
                values = {"start": start}
                if name == "decisions":
                    values["events"] = str(hour_folder(folder, "events", hour) / "*.parquet")  # type: ignore[assignment]
                table = database.sql(query, params=values).to_arrow_table()
                # Their jobs' checkpoints are half as frequent.
                _write(folder, name, hour, 0, table, max(1, files_per_hour // 2))


def hour_folder(folder: Path, table: str, hour: int) -> Path:
    """Where the rows of an hour of the day lie."""
    return folder / table / f"event_date={DAY:%Y-%m-%d}" / f"event_hour={hour:02}"
