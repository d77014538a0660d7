"""Keep the publisher's books: one row a message, written as Parquet, for whoever must account for each."""

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

SCHEMA = pa.schema(
    [
        ("sequence", pa.int64()),
        ("kind", pa.string()),
        ("event_id", pa.string()),
        ("shopper_id", pa.string()),
        ("event_type", pa.string()),
        ("occurred_at", pa.timestamp("ms", "UTC")),
        ("published_at", pa.timestamp("ms", "UTC")),
        ("acknowledged", pa.bool_()),
        ("message_id", pa.string()),
        ("expected", pa.string()),
        ("deferred", pa.bool_()),
    ]
)
# A file is written when so many rows are there.
ROWS = 50_000


class Ledger:
    """Rows go to `folder`/*.parquet; `expected` is landed, duplicate or dead_letter. For several threads.

    `deferred`: the message id is one of events/clicks-deferred.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._lock = threading.Lock()
        self._rows: list[tuple[Any, ...]] = []
        self._files = 0

    def add(self, row: tuple[Any, ...]) -> None:
        """Add a row with SCHEMA's fields; times in milliseconds since 1970."""
        with self._lock:
            self._rows.append(row)
            rows = self._rows if len(self._rows) >= ROWS else None
            if rows is not None:
                self._rows = []
        if rows is not None:
            self._write(rows)

    def close(self) -> None:
        rows, self._rows = self._rows, []
        self._write(rows)

    def _write(self, rows: list[tuple[Any, ...]]) -> None:
        columns = list(zip(*rows, strict=True)) if rows else [()] * len(SCHEMA)
        table = pa.table([pa.array(values, kind.type) for values, kind in zip(columns, SCHEMA, strict=True)], SCHEMA)
        self._files += 1
        # Whoever reads the books meanwhile must not meet half a file.
        in_progress = self._folder / f".part-{self._files:05}.inprogress"
        pq.write_table(table, in_progress, compression="zstd")
        in_progress.rename(self._folder / f"part-{self._files:05}.parquet")


def moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
