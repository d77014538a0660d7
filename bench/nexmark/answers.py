"""Hold a query's result to DuckDB's answer over the same bids."""

from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa


def differences(query: str, bids: pa.Table, result: Path | pa.Table) -> list[tuple[Any, ...]]:
    """What the result, a folder of Parquet or a table, has that it must not, or lacks; at most 10 rows.

    An empty folder lacks everything: its first difference is that.
    """
    with duckdb.connect() as books:
        books.execute("SET TimeZone = 'UTC'")
        books.register("bids", bids)
        if isinstance(result, Path):
            # Hidden files are not complete yet.
            files = [str(file) for file in result.rglob("part-*.parquet")]
            if not files:
                return [("nothing has landed",)]
            books.read_parquet(files).create_view("result")
        else:
            books.register("result", result)
        text = Path(__file__).with_name(f"{query}.expected.sql").read_text(encoding="utf-8")
        return books.sql(text).limit(10).fetchall()
