"""Compute what the sale must show, from three independent sources: the ledger, the warehouse, the receipts."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

import warehouse

# Through a burst of 100 times the steady rate; a later coupon is spam.
LATENCY_P99_MS = 1_000
FRESHNESS_P99_S = 15


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


@dataclass(frozen=True)
class Account:
    """What became of every published message."""

    published: int
    landed: int
    dead_lettered: int
    duplicates_dropped: int
    late: int
    duplicates_landed: int
    lost: int

    @property
    def settled(self) -> bool:
        """Whether every published message is somewhere."""
        return self.published == self.landed + self.dead_lettered + self.duplicates_dropped


def account(ledger: Path, folder: Path) -> Account:
    """Join the publisher's ledger with what landed, message by message."""
    with warehouse.connect(folder) as landed, duckdb.connect() as books:
        (published,) = _one(
            books, "SELECT count(*) FROM read_parquet(?) WHERE acknowledged", [str(ledger / "*.parquet")]
        )
        counts = [
            _one(landed, f"SELECT count(*) FROM {table}")[0]
            for table in ("events", "dead_letters", "duplicates", "late_events")
        ]
        (distinct,) = _one(landed, "SELECT count(DISTINCT event_id) FROM events")
        seen = landed.sql(
            "SELECT message_id FROM events UNION SELECT message_id FROM dead_letters "
            "UNION SELECT message_id FROM duplicates"
        ).to_arrow_table()
        books.register("seen", seen)
        (lost,) = _one(
            books,
            "SELECT count(*) FROM read_parquet(?) AS ledger ANTI JOIN seen USING (message_id) WHERE acknowledged",
            [str(ledger / "*.parquet")],
        )
    events, dead, repeats, late = counts
    return Account(published, events, dead, repeats, late, events - distinct, lost)


def latency(receipts: Path) -> tuple[dict[str, float], int, int]:
    """Percentiles in milliseconds over first receipts, coupons received, and repeats among the receipts."""
    lines = [json.loads(line) for line in receipts.read_text(encoding="utf-8").splitlines()]
    first: dict[str, int] = {}
    for line in lines:
        first.setdefault(line["coupon_id"], line["received_ms"] - line["due_ms"])
    if not first:
        return {"p50": 0.0, "p99": 0.0, "max": 0.0}, 0, 0
    with duckdb.connect() as books:
        p50, p99, most = _one(
            books,
            "SELECT quantile_disc(ms, 0.5), quantile_disc(ms, 0.99), max(ms) FROM (SELECT unnest(?) AS ms)",
            [list(first.values())],
        )
    return {"p50": p50, "p99": p99, "max": most}, len(first), len(lines) - len(first)


def first_receipt_s(receipts: Path) -> float | None:
    """When the first coupon arrived, in seconds since 1970."""
    with receipts.open(encoding="utf-8") as lines:
        first = lines.readline()
    return json.loads(first)["received_ms"] / 1000 if first else None


def _one(
    connection: duckdb.DuckDBPyConnection | warehouse.Connection, query: str, values: list[Any] | None = None
) -> tuple[Any, ...]:
    answer = connection.execute(query, values or [])
    row = answer.fetchone()
    # DuckDB 2.0 keeps a connection busy until its answer has been read to the end.
    answer.fetchone()
    assert row is not None  # an aggregate always gives one row
    return row
