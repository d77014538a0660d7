"""Nexmark's figures as a table, beside those that others published."""

from collections.abc import Iterator, Mapping
from typing import Any

from bench.markdown import load, ranged, table
from bench.nexmark.published import FLINK_CORES, FLINK_PER_CORE


def lines(nexmark: Mapping[str, Any]) -> Iterator[str]:
    yield (
        f"{nexmark['events']:,} bids in {nexmark['partitions']} partitions, repeats in turn: {nexmark['repeats']}, "
        f"each query's result held to DuckDB's over the same bids{load(nexmark)}. A core is one of the TaskManager's "
        "processor time; the broker's stands beside it. Published: Flink 1.13 by Nexmark's own README, on other "
        "hardware and without a broker (below)."
    )
    yield ""
    yield from table(
        (
            "query",
            "bids/s",
            "TaskManager's cores",
            "bids/s a core",
            "broker's cores",
            "Flink, published, events/s a core",
            "cores",
        ),
        (
            (
                query,
                ranged(found["events_per_s"]),
                ranged(found["cores"], "{:.2f}"),
                ranged(found["events_per_s_per_core"]),
                ranged(found["broker_cores"], "{:.2f}"),
                f"{FLINK_PER_CORE[query]:,}",
                f"{FLINK_CORES[query]:.1f}",
            )
            for query, found in nexmark["queries"].items()
        ),
    )
