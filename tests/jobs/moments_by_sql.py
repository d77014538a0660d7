"""Print what the coupons job's activity and patterns find in the cases' events, in a Flink of this process alone.

`python -m tests.jobs.moments_by_sql` prints one JSON list of shopper, pattern, event and number; jars are where
FLINK_LIB_DIR says. Its clock stands still, as far as the events go: nothing is forgotten.
"""

import json
from datetime import UTC, datetime
from typing import Any

from pyflink.common import Configuration
from pyflink.datastream import StreamExecutionEnvironment
from pyflink.table import DataTypes, StreamTableEnvironment

from jobs.coupons import Coupons, candidates
from settings import read
from tests.ledger import moments_cases

TEXT = DataTypes.STRING()
COLUMNS = {
    "shopper_id": TEXT,
    "event_id": TEXT,
    "event_type": TEXT,
    "product_id": TEXT,
    "quantity": DataTypes.INT(),
    "price_minor": DataTypes.BIGINT(),
    "currency": TEXT,
    "order_id": TEXT,
    "store_id": TEXT,
    "happened": DataTypes.TIMESTAMP(3),
}
CLICKS = """
SELECT *, 'ok' AS verdict, '1:0:0:0' AS message_id, 'none' AS membership_tier, CAST(NULL AS STRING) AS category,
       CAST(NULL AS STRING) AS campaign_id, CAST(NULL AS STRING) AS store_id, CAST(NULL AS STRING) AS coupon_id,
       CAST(happened AS TIMESTAMP_LTZ(3)) AS occurred_at, CAST(happened AS TIMESTAMP_LTZ(3)) AS published_at,
       CAST(happened AS TIMESTAMP_LTZ(3)) AS read_at
FROM events
"""


def rows() -> list[tuple[Any, ...]]:
    found = []
    for number, shopper in enumerate(moments_cases.cases()["shoppers"]):
        for event in shopper["events"]:
            happened = datetime.fromtimestamp(event["occurred_ms"] / 1000, UTC).replace(tzinfo=None)
            whole = {**event, "shopper_id": f"shopper-{number}", "happened": happened}
            found.append(tuple(whole.get(name) for name in COLUMNS))
    return found


def main() -> None:
    settings = Configuration()
    for key, value in {"execution.target": "local", "rest.port": "0", "table.local-time-zone": "UTC"}.items():
        settings.set_string(key, value)
    environment = StreamExecutionEnvironment.get_execution_environment(settings)
    environment.set_parallelism(1)
    tables = StreamTableEnvironment.create(environment)
    row = DataTypes.ROW([DataTypes.FIELD(name, kind) for name, kind in COLUMNS.items()])
    tables.create_temporary_view("events", tables.from_elements(rows(), row))
    tables.create_temporary_view("clicks", tables.sql_query(CLICKS))
    with candidates(tables, read(Coupons)).execute().collect() as matches:
        # Shopper, rule, cause and nth, as Candidate has them.
        print(json.dumps([[match[1], match[0], match[3], match[12]] for match in matches]))


if __name__ == "__main__":
    main()
