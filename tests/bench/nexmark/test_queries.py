"""A query over the bids' topic gives DuckDB's answer: the table of any topic, its watermarks, its last windows."""

import pytest

from bench.nexmark import bids, queries, topic
from settings import Pulsar

COUNT = 5_000


@pytest.mark.stack
def test_visits_read_from_a_topic_are_those_that_duckdb_finds(broker: Pulsar) -> None:
    topic.publish(broker, COUNT, queries.PARTITIONS)
    queries.check("q11", bids.numbers(COUNT))
