"""Submit one of Nexmark's queries: python -m bench.nexmark.job QUERY SINK. Prints job and job_id.

bids -> the query's .sql -> nothing, as Nexmark has it, or Parquet, for the result to be checked
"""

import json
import sys
from datetime import timedelta
from pathlib import Path

from pyflink.table import DataTypes, StreamTableEnvironment, TableDescriptor
from pyflink.table import Schema as TableSchema
from pyflink.table.types import DataType

from bench.nexmark.topic import CONTRACT, PATH
from jobs import environment, sql
from jobs.connectors import TIME, columns, create_parquet, create_topic_source
from jobs.environment import JobSection
from settings import Pulsar, Warehouse, read

RESULT = "answer"
WINDOWED: dict[str, DataType] = {
    "bids": DataTypes.BIGINT(),
    "window_start": TIME,
    "window_end": TIME,
}
RESULTS: dict[str, dict[str, DataType]] = {
    "q5": {"auction": DataTypes.BIGINT(), **WINDOWED},
    "q11": {"bidder": DataTypes.BIGINT(), **WINDOWED},
    "q12": {"bidder": DataTypes.BIGINT(), **WINDOWED},
    "q18": columns(CONTRACT),
}
# Nexmark's.
OUT_OF_ORDERNESS = timedelta(seconds=4)
# A partition without bids for so long has come to its end; the jump closes what is open: ten seconds are the longest.
QUIET_AFTER, QUIET_JUMP = timedelta(seconds=15), timedelta(seconds=30)


def main(query: str, sink: str) -> str:
    config = JobSection()
    tables = environment.create(config, query)
    create_topic_source(
        tables,
        read(Pulsar),
        "bids",
        PATH,
        CONTRACT,
        subscription=query,
        event_time="date_time",
        options={
            "fetch-wait": environment.milliseconds(config.fetch_wait),
            "out-of-orderness": environment.milliseconds(OUT_OF_ORDERNESS),
            "quiet-after": environment.milliseconds(QUIET_AFTER),
            "quiet-jump": environment.milliseconds(QUIET_JUMP),
        },
    )
    if sink == "parquet":
        time = "date_time" if query == "q18" else "window_end"
        create_parquet(tables, read(Warehouse).folder, RESULT, RESULTS[query], time=time)
    else:
        _create_nothing(tables, RESULTS[query])
    return environment.start(sql.run(tables, Path(__file__).with_name(f"{query}.sql")))


def _create_nothing(tables: StreamTableEnvironment, fields: dict[str, DataType]) -> None:
    schema = TableSchema.new_builder()
    for name, kind in fields.items():
        schema.column(name, kind)
    tables.create_temporary_table(RESULT, TableDescriptor.for_connector("blackhole").schema(schema.build()).build())


if __name__ == "__main__":
    print(json.dumps({"job": sys.argv[1], "job_id": main(sys.argv[1], sys.argv[2])}))
