"""Say which tables land as Parquet, and with which columns: those of their contracts, and what landing adds.

A table lies in <folder>/<name>/event_date=YYYY-MM-DD/event_hour=HH/*.parquet, by the UTC hour of its `time` column.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import schemas

TIME = "TIMESTAMP WITH TIME ZONE"
TYPES: Mapping[str, str] = {
    "string": "VARCHAR",
    "int": "INTEGER",
    "long": "BIGINT",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "bytes": "BLOB",
    "timestamp-millis": TIME,
    "map": "MAP(VARCHAR, VARCHAR)",
}
# What landing knows of an event besides the event: jobs/connectors.py adds the same, and a test holds them together.
ORIGIN: Mapping[str, str] = {
    "shopper_id": "VARCHAR",
    "topic": "VARCHAR",
    "message_id": "VARCHAR",
    "schema_version": "BIGINT",
    "published_at": TIME,
    "appended_at": TIME,
    "read_at": TIME,
}
# What a partial visit has besides columns of an event: visits.sql says what they are.
VISIT: Mapping[str, str] = {
    "started_at": TIME,
    "ended_at": TIME,
    "source_at": TIME,
    "campaign_at": TIME,
    "tier_at": TIME,
    "events": "BIGINT",
    "views": "BIGINT",
    "adds": "BIGINT",
    "checkouts": "BIGINT",
    "order_ids": "VARCHAR[]",
    "taken": "UTINYINT",
}
# In the folder names, not in the files.
PARTITION: Mapping[str, str] = {"event_date": "DATE", "event_hour": "INTEGER"}


@dataclass(frozen=True)
class Table:
    """A landed table: its contract, name and SQL type of its files' `columns`, and the one that chooses the folder."""

    record: str
    columns: Mapping[str, str]
    time: str


def columns(record: str) -> dict[str, str]:
    """Name and SQL type of each field of a contract."""
    return {field["name"]: _sql_type(field["type"]) for field in schemas.load(record).fields}


def _sql_type(avro: Any) -> str:
    if isinstance(avro, list):
        return _sql_type(next(branch for branch in avro if branch != "null"))
    if isinstance(avro, dict):
        return TYPES.get(avro.get("logicalType", "")) or TYPES[avro["type"]]
    return TYPES[avro]


_EVENT = {**columns("click_event"), **ORIGIN}
_REPEAT = ("event_id", "shopper_id", "topic", "message_id", "published_at", "read_at")

TABLES: Mapping[str, Table] = {
    "events": Table("click_event", _EVENT, time="occurred_at"),
    "duplicates": Table("click_event", {name: _EVENT[name] for name in _REPEAT}, time="read_at"),
    "dead_letters": Table("dead_letter", columns("dead_letter"), time="first_seen_at"),
    "late_events": Table("late_event", columns("late_event"), time="first_seen_at"),
    "conversion": Table("conversion_result", columns("conversion_result"), time="window_start"),
    "session_results": Table("session_result", columns("session_result"), time="window_start"),
    "coupons": Table("coupon_trigger", columns("coupon_trigger"), time="decided_at"),
    "decisions": Table("campaign_decision", columns("campaign_decision"), time="decided_at"),
    "prices": Table("price_trigger", columns("price_trigger"), time="decided_at"),
}
