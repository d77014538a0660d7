"""Submit a job that is not one of ours, to hold ours against: python -m bench.plain_jobs NAME. Prints job and job_id.

flink_sql      clicks -> GROUP BY shopper, product -> Parquet: the peers' question, and the ceiling for a planned job:
               rows are the planner's own from our source on, nothing is deduplicated
read           clicks -> nothing: what source, decoder and the way to the shopper's subtask take
deduplicate    clicks, deduplicated -> nothing
"""

import json
import sys
from pathlib import Path

from pyflink.table import DataTypes, StreamTableEnvironment, TableDescriptor
from pyflink.table import Schema as TableSchema

import schemas
from jobs import environment, sql
from jobs.connectors import ORIGIN, columns, create_clicks, create_parquet
from jobs.environment import JobSection
from settings import Pulsar, Warehouse, read

HORIZONS = {"flink_sql": "0 s", "read": "0 s", "deduplicate": "1 h"}
THIRDS = {
    "shopper_id": DataTypes.STRING(),
    "product_id": DataTypes.STRING(),
    "seen": DataTypes.BIGINT().not_null(),
    "read_at": DataTypes.TIMESTAMP_LTZ(3),
}


def main(name: str) -> str:
    config = JobSection.model_validate({"duplicate_horizon": HORIZONS[name]})
    tables = environment.create(config, name)
    create_clicks(tables, read(Pulsar), "clicks", name, config.clicks_options)
    create_parquet(tables, read(Warehouse).folder, "thirds", THIRDS, time="read_at")
    _create_nothing(tables)
    query = "flink_sql" if name == "flink_sql" else "read"
    return environment.start(sql.run(tables, Path(__file__).parent / "sql" / f"{query}.sql"))


def _create_nothing(tables: StreamTableEnvironment) -> None:
    """A sink for what landing takes of an event."""
    schema = TableSchema.new_builder()
    for column, kind in {**columns(schemas.load("click_event")), **ORIGIN}.items():
        schema.column(column, kind.nullable())
    tables.create_temporary_table("nothing", TableDescriptor.for_connector("blackhole").schema(schema.build()).build())


if __name__ == "__main__":
    print(json.dumps({"job": sys.argv[1], "job_id": main(sys.argv[1])}))
