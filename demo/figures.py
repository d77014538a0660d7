"""Compute what the sale must show, from three independent sources: the ledger, the warehouse, the receipts."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

# Through a burst of 100 times the steady rate; a later coupon is spam.
LATENCY_P99_MS = 1_000
FRESHNESS_P99_S = 15
# Those that the ledger gives.
ACCOUNTED = ("published", "landed", "dead_lettered", "duplicates_dropped", "late", "duplicates_landed", "lost")


@dataclass(frozen=True)
class Figures:
    """The summary of a sale. Latency runs from the causing event's publication, or from the moment it fell due."""

    published: int
    landed: int
    dead_lettered: int
    duplicates_dropped: int
    late: int
    duplicates_landed: int
    lost: int
    coupons: int
    duplicate_coupons: int
    coupon_latency_ms: dict[str, float]
    landing_freshness_s: dict[str, float]
    seconds_to_first_coupon: float
    events_per_second: dict[str, float]
    conversion_differences: int
    session_differences: int

    @property
    def failures(self) -> list[str]:
        """What does not hold, a sentence each; empty when the sale held."""
        accounted = self.landed + self.dead_lettered + self.duplicates_dropped
        checks = [
            (self.published > 0, "nothing was published"),
            (self.lost == 0, f"{self.lost} published messages are nowhere"),
            (self.duplicates_landed == 0, f"{self.duplicates_landed} events landed more than once"),
            (self.duplicate_coupons == 0, f"{self.duplicate_coupons} coupons were received more than once"),
            (
                self.published == accounted,
                f"{self.published} published, but {self.landed} landed + {self.dead_lettered} dead letters "
                f"+ {self.duplicates_dropped} duplicates = {accounted}",
            ),
            (self.coupons > 0, "no coupon was received"),
            (
                self.coupon_latency_ms["p99"] <= LATENCY_P99_MS,
                f"coupon p99 is {self.coupon_latency_ms['p99']:.0f} ms; {LATENCY_P99_MS} ms is the most",
            ),
            (
                self.landing_freshness_s["p99"] <= FRESHNESS_P99_S,
                f"landing p99 is {self.landing_freshness_s['p99']:.1f} s; {FRESHNESS_P99_S} s is the most",
            ),
            (
                self.conversion_differences == 0,
                f"{self.conversion_differences} conversion figures differ from the landed events",
            ),
            (self.session_differences == 0, f"{self.session_differences} visits differ from the landed events"),
        ]
        return [sentence for holds, sentence in checks if not holds]

    def summary(self) -> dict[str, Any]:
        return {**asdict(self), "held": not self.failures, "failures": self.failures}


def latency(receipts: Path) -> tuple[dict[str, float], int, int]:
    """Percentiles in milliseconds over first receipts, coupons received, and repeats among the receipts."""
    return latency_of([json.loads(line) for line in receipts.read_text(encoding="utf-8").splitlines()])


def latency_of(lines: Sequence[Mapping[str, Any]]) -> tuple[dict[str, float], int, int]:
    """The same of receipts that are read."""
    first: dict[str, int] = {}
    for line in lines:
        first.setdefault(line["coupon_id"], line["received_ms"] - line["due_ms"])
    return percentiles(list(first.values())), len(first), len(lines) - len(first)


def percentiles(ms: Sequence[int]) -> dict[str, float]:
    """p50, p99 and max of these; zeros of none."""
    if not ms:
        return {"p50": 0.0, "p99": 0.0, "max": 0.0}
    with duckdb.connect() as books:
        p50, p99, most = _one(
            books,
            "SELECT quantile_disc(ms, 0.5), quantile_disc(ms, 0.99), max(ms) FROM (SELECT unnest(?) AS ms)",
            [list(ms)],
        )
    return {"p50": p50, "p99": p99, "max": most}


def first_receipt_s(receipts: Path) -> float | None:
    """When the first coupon arrived, in seconds since 1970."""
    with receipts.open(encoding="utf-8") as lines:
        first = lines.readline()
    return json.loads(first)["received_ms"] / 1000 if first else None


def _one(connection: duckdb.DuckDBPyConnection, query: str, values: list[Any] | None = None) -> tuple[Any, ...]:
    answer = connection.execute(query, values or [])
    row = answer.fetchone()
    # DuckDB 2.0 keeps a connection busy until its answer has been read to the end.
    answer.fetchone()
    assert row is not None  # an aggregate always gives one row
    return row
