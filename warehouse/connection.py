"""Open the warehouse: DuckDB over the landed Parquet, for reading alone.

SQL meets three fences: a statement that does more than read is refused by its syntax tree (read_only.py), no file
outside the warehouse can be opened, and no setting can be changed.
"""

import os
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb

from errors import ProblemFound, SettingsError
from settings import Warehouse, read
from warehouse import files, read_only
from warehouse.tables import PARTITION, TABLES, VISIT

FOLDER = Path(__file__).parent
# Each view is the .sql file of its name; one comes after those it reads.
VIEWS = (
    "events",
    "duplicates",
    "dead_letters",
    "late_events",
    "conversion",
    "session_results",
    "coupons",
    "decisions",
    "sessions",
    "funnel",
    "coupon_outcome",
    "campaign_counts",
    "campaign_arms",
    "prices",
)

Values = Mapping[str, Any] | Sequence[Any]


class Connection:
    """The warehouse, opened. Threads may share it: every question runs on a cursor of its own."""

    def __init__(self, database: duckdb.DuckDBPyConnection) -> None:
        self._database = database
        # DuckDB 2.0.0 complains on stderr of a database that knows a function of Python's and was never closed.
        weakref.finalize(self, database.close)

    def sql(self, query: str, values: Values | None = None) -> duckdb.DuckDBPyRelation:
        """The answer to one reading statement; `values` are bound to its $names or its ?s.

        Nothing runs until the relation is asked for rows (.df(), .fetchall(), .to_arrow_table(), .show()); each
        time it is asked it runs again, over the files that are there by then. Raises ProblemFound for a statement
        that does more than read, duckdb.Error for one that DuckDB cannot run.
        """
        read_only.check(self._database.cursor(), query)
        return self._database.cursor().sql(query, params=values)

    def execute(self, query: str, values: Values | None = None) -> duckdb.DuckDBPyConnection:
        """The same, run now and once: a cursor with fetchone, fetchmany and fetchall."""
        read_only.check(self._database.cursor(), query)
        return self._database.cursor().execute(query, values)

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def connect(folder: Path | None = None) -> Connection:
    """Open the warehouse in `folder`, by default the one that [warehouse] names; it need not exist yet.

    Every query sees the files that are complete when it starts. Times are UTC.
    """
    database, folder = opened(folder)
    _lock(database, folder)
    return Connection(database)


def opened(folder: Path | None = None) -> tuple[duckdb.DuckDBPyConnection, Path]:
    """The same without its fences, for SQL of ours that reads other files too: a database to close, and its folder."""
    folder = (folder or read(Warehouse).folder).resolve()
    if any(sign in str(folder) for sign in "*?["):
        raise SettingsError(f"[warehouse] folder: DuckDB takes * ? [ for a pattern, got {folder}; rename it")
    # After an internal error DuckDB refuses every later query, lest it damage the database: here is none to damage.
    database = duckdb.connect(config={"disable_database_invalidation": "true"})
    _define(database)
    database.execute("SET GLOBAL TimeZone = 'UTC'")
    # landed.sql reads it: a view cannot have a parameter, and a setting can.
    database.execute("SET GLOBAL file_search_path = $folder", {"folder": str(folder)})
    # The default is .tmp in the current folder, and a query that spills would leave its trace in the checkout.
    spill = Path(tempfile.gettempdir()) / f"hongbao-spill-{os.getpid()}"
    database.execute("SET GLOBAL temp_directory = $spill", {"spill": str(spill)})
    # DuckDB 2.0.0: several count(DISTINCT …) in one query can end in "INTERNAL Error: dict-surviving cache"
    # (akin to duckdb/duckdb#24807).
    database.execute("SET GLOBAL disabled_optimizers = 'distinct_aggregate_rewrite'")
    return database, folder


def query(sql: str, folder: Path | None = None, values: Values | None = None) -> list[dict[str, Any]]:
    """The rows that one reading statement gives, each a dict by column name; times are aware, in UTC.

    Raises ProblemFound with DuckDB's sentence for a statement that is wrong, or does more than read.
    """
    warehouse = _kept_open((folder or read(Warehouse).folder).resolve())
    try:
        answer = warehouse.execute(sql, values)
        names = [column[0] for column in answer.description or []]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
    except duckdb.Error as error:
        raise ProblemFound(f"warehouse: {error}") from None


# Opening takes 170 ms of a core, an answer 3: who waits for something to land asks again and again.
@lru_cache(maxsize=2)
def _kept_open(folder: Path) -> Connection:
    return connect(folder)


def _define(database: duckdb.DuckDBPyConnection) -> None:
    # An empty table a contract: with no file landed, its view has the right columns all the same.
    database.execute("CREATE SCHEMA contract")
    for name, table in TABLES.items():
        _create(database, f"contract.{name}", {**table.columns, **PARTITION})
    database.create_function("live_files", _live_files, ["VARCHAR", "VARCHAR"], "VARCHAR[]")
    database.execute(text("landed"))
    define_visits(database)
    database.create_function("visit_files", _visit_files, ["VARCHAR"], "VARCHAR[]")
    # Before the folder is named: creating a view over many files would read the foot of each.
    for name in VIEWS:
        database.sql(text(name)).create_view(name)
    database.execute(text("features"))


def define_visits(database: duckdb.DuckDBPyConnection) -> None:
    """Have `database` know visits.sql, the visits in files."""
    database.execute("CREATE SCHEMA IF NOT EXISTS contract")
    _create(database, "contract.visits", {**TABLES["events"].columns, **VISIT})
    database.execute(text("visits"))


def _create(database: duckdb.DuckDBPyConnection, name: str, columns: Mapping[str, str]) -> None:
    nothing = duckdb.ConstantExpression(None)
    typed = [nothing.cast(kind).alias(column) for column, kind in columns.items()]
    database.sql("SELECT 1").select(*typed).limit(0).create(name)


def _lock(database: duckdb.DuckDBPyConnection, folder: Path) -> None:
    database.execute("SET GLOBAL allowed_directories = [$folder]", {"folder": str(folder)})
    # A mere SELECT of an unknown function would download an extension.
    database.execute("SET GLOBAL autoinstall_known_extensions = false")
    database.execute("SET GLOBAL autoload_known_extensions = false")
    database.execute("SET GLOBAL enable_external_access = false")
    database.execute("SET GLOBAL lock_configuration = true")


def _live_files(folder: str, table: str) -> list[str]:
    # While the views are made there is no folder yet.
    return [str(path) for path in files.live(Path(folder), table)] if folder else []


def _visit_files(folder: str) -> list[str]:
    return [str(path) for path in files.visit_files(Path(folder))] if folder else []


def text(name: str) -> str:
    """The question in `warehouse/<name>.sql`."""
    return (FOLDER / f"{name}.sql").read_text(encoding="utf-8")
