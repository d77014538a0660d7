"""Count views in plain Flink SQL: python -m bench.peers.flink_sql. Prints one JSON object: job, job_id.

The ceiling for a job that the planner makes: our source, whose rows are the planner's own already, without
deduplication; one GROUP BY; state on the heap, checkpoints on; Parquet for what comes third.
"""

import json
from pathlib import Path

from pyflink.table import DataTypes

from jobs import environment, sql
from jobs.connectors import create_clicks, create_parquet
from jobs.environment import JobSection
from settings import Pulsar, Warehouse, read

JOB = "flink_sql"
SECTION = JobSection.model_validate({"duplicate_horizon": "0 s"})
FIELDS = {
    "shopper_id": DataTypes.STRING(),
    "product_id": DataTypes.STRING(),
    "views": DataTypes.BIGINT().not_null(),
    "read_at": DataTypes.TIMESTAMP_LTZ(3),
}


def main() -> str:
    tables = environment.create(SECTION, JOB)
    create_clicks(tables, read(Pulsar), "clicks", JOB, SECTION.clicks_options)
    create_parquet(tables, read(Warehouse).folder, "thirds", FIELDS, time="read_at")
    return environment.start(sql.run(tables, Path(__file__).with_name("thirds.sql")))


if __name__ == "__main__":
    print(json.dumps({"job": JOB, "job_id": main()}))
