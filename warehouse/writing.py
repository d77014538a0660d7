"""Write Parquet that nobody waits for: on one core, sorted on disk where memory is too small, kept by a power cut."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

IN_PROGRESS = ".inprogress"


@contextmanager
def writer() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database to read files with and to write others."""
    with duckdb.connect() as database, TemporaryDirectory(prefix="hongbao-spill-") as spill:
        # Where an older file has times without a zone and a newer one has them with: all are UTC.
        database.execute("SET TimeZone = 'UTC'")
        # One core is enough for what nobody waits for.
        database.execute("SET threads = 1")
        # For rows that are too many to be sorted in memory; the default is a folder of the checkout.
        database.execute("SET temp_directory = $spill", {"spill": spill})
        yield database


def count_rows(database: duckdb.DuckDBPyConnection, files: list[str]) -> int:
    """How many rows the files' feet promise; not by pyarrow, which refuses the maps of older files."""
    total = database.execute("SELECT sum(num_rows) FROM parquet_file_metadata($files)", {"files": files}).fetchall()
    return int(total[0][0])


def sync(path: Path) -> None:
    """Have the disk hold what was written: a file's bytes, a folder's names."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
