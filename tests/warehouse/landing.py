"""Land rows as the Flink jobs do: zstd Parquet in Hive partitions by UTC hour, visible only by a rename."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.tables import TABLES

Row = Mapping[str, Any]

ARROW = {
    "VARCHAR": pa.string(),
    "INTEGER": pa.int32(),
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
    "BLOB": pa.binary(),
    "TIMESTAMP WITH TIME ZONE": pa.timestamp("ms", tz="UTC"),
    "MAP(VARCHAR, VARCHAR)": pa.map_(pa.string(), pa.string()),
}
START = datetime(2026, 11, 11, 0, 0, tzinfo=UTC)


def land(
    folder: Path, table: str, rows: Iterable[Row], part: str = "part-0", extra: Mapping[str, pa.DataType] | None = None
) -> list[Path]:
    """Write a file an hour of the rows; a missing value is null, `extra` columns come on top of the contract's."""
    hours: dict[datetime, list[Row]] = defaultdict(list)
    for row in rows:
        hours[row[TABLES[table].time].replace(minute=0, second=0, microsecond=0)].append(row)
    schema = pa.schema({name: ARROW[kind] for name, kind in TABLES[table].columns.items()} | dict(extra or {}))
    return [_file(folder / table, hour, rows, part, schema) for hour, rows in hours.items()]


def _file(folder: Path, hour: datetime, rows: list[Row], part: str, schema: pa.Schema) -> Path:
    partition = folder / f"event_date={hour:%Y-%m-%d}" / f"event_hour={hour:%H}"
    partition.mkdir(parents=True, exist_ok=True)
    in_progress = partition / f".{part}.parquet.inprogress"
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), in_progress, compression="zstd")
    return in_progress.rename(partition / f"{part}.parquet")


def event(number: int = 0, **fields: Any) -> dict[str, Any]:
    """A product view, valid by its contract, unless `fields` say otherwise."""
    return {
        "event_id": f"event-{number}",
        "event_type": "product_viewed",
        "user_id": "anna",
        "shopper_id": "anna",
        "session_id": "visit-1",
        "product_id": "tea",
        "category": "drinks",
        "price_minor": 1200,
        "currency": "CNY",
        "membership_tier": "none",
        "source": "web",
        "properties": {},
        "occurred_at": START,
        "sent_at": START,
        "published_at": START,
        "appended_at": START,
        "read_at": START,
        "topic": "persistent://hongbao/events/clicks-partition-0",
        "message_id": f"1:{number}:0:0",
        "schema_version": 0,
    } | fields
