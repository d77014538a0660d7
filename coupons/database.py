"""Give a service transactions on SQLite or PostgreSQL, and tell a database that is away from a mistake."""

import re
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from errors import CannotRun, SettingsError, Unreachable
from settings.reader import ROOT

# Another process's transaction lasts some 50 ms; SIGTERM must not wait long behind one that hangs.
BUSY_S = 2.0
# SQLite's own waiting asks every 100 ms, and never meets the moment between two transactions of a busy service.
BUSY_POLL_S = 0.002
# SQLite calls a wrong statement and a full disk by one class; these are the disk's and the lock's.
SQLITE_AWAY = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_NOTADB,
}
POSTGRESQL_PATIENCE = {
    # Two groups that want each other's rows: half as long as PostgreSQL takes to call it a deadlock.
    "options": "-c lock_timeout=500",
    # A host that vanished answers nothing at all: found out after 20 s instead of hours.
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "2",
    "tcp_user_timeout": "20000",
}
# Two processes that make the same tables at the same moment would trip over each other.
MAKING_TABLES = 0x686F6E67
NAMED = re.compile(r"(?<![:\w]):([a-z]\w*)")


@dataclass(frozen=True)
class Engine:
    """What differs between the two databases; `away` says whether an error is the database's and not the caller's."""

    open: Callable[[], Any]
    begin: Callable[[Any], object]
    before_tables: str
    statement: Callable[[str], str]
    away: Callable[[Exception], bool]


class Effects:
    """An open transaction: all that is executed here is done, together with the inbox's row, or none of it."""

    def __init__(self, connection: Any, engine: Engine, name: str) -> None:
        self._connection, self._engine, self._name = connection, engine, name

    def execute(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        """Run one statement with `:name` for each value, and give its rows: of a query or of RETURNING.

        Raises Unreachable when the database is away, and what the driver raises for a mistake or a broken constraint.
        """
        with translated(self._engine, self._name):
            cursor = self._connection.execute(self._engine.statement(statement), values)
            return list(cursor.fetchall()) if cursor.description else []

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo what was executed inside when it raises, and go on with the transaction."""
        self.execute("SAVEPOINT message")
        try:
            yield
            self.execute("RELEASE SAVEPOINT message")
        except Unreachable:
            raise
        except Exception:
            self.execute("ROLLBACK TO SAVEPOINT message")
            self.execute("RELEASE SAVEPOINT message")
            raise


class Database:
    """A database by URL, `sqlite:FILE` or `postgresql://…`, with its `tables` made when it is first reached.

    For one thread. What is committed survives a crash of the process and of the machine.
    """

    def __init__(self, url: str, tables: Sequence[str] = ()) -> None:
        self.name = re.sub(r"//[^@/]*@", "//", url)
        self._engine = _engine(url)
        self._tables = tables
        self._connection: Any = None

    @contextmanager
    def transaction(self, write: bool = True) -> Iterator[Effects]:
        """A transaction for as long as the block runs; rolled back when it raises. To read alone waits for nobody.

        Raises Unreachable when the database is away, deadlocks and broken connections included: try again later.
        """
        if self._connection is None:
            self._connection = self._open()
        effects = Effects(self._connection, self._engine, self.name)
        try:
            with translated(self._engine, self.name):
                (self._engine.begin if write else _begin)(self._connection)
            yield effects
            effects.execute("COMMIT")
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Disconnect, which rolls back what is not committed; the next transaction connects again."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _open(self) -> Any:
        with translated(self._engine, self.name):
            connection = self._engine.open()
        if not self._tables:
            return connection
        try:
            effects = Effects(connection, self._engine, self.name)
            with translated(self._engine, self.name):
                self._engine.begin(connection)
            effects.execute(self._engine.before_tables)
            for table in self._tables:
                effects.execute(table)
            effects.execute("COMMIT")
        except (sqlite3.Error, psycopg.Error) as error:
            connection.close()
            raise CannotRun(f"{self.name}: cannot make the tables: {error}") from None
        except BaseException:
            connection.close()
            raise
        return connection


@contextmanager
def translated(engine: Engine, name: str) -> Iterator[None]:
    """Raise Unreachable in place of an error that is the database's."""
    try:
        yield
    except (sqlite3.Error, psycopg.Error) as error:
        if engine.away(error):
            raise Unreachable(f"{name}: {' '.join(str(error).split())}; is the database up and free?") from None
        raise


def _engine(url: str) -> Engine:
    if url.startswith("sqlite:") and url != "sqlite:":
        return _sqlite(ROOT / url.removeprefix("sqlite:"))
    if url.startswith(("postgresql://", "postgres://")):
        return _postgresql(url)
    raise SettingsError(f"database: a URL is sqlite:FILE or postgresql://host/name, got {url!r}")


def _sqlite(path: Path) -> Engine:
    def connect() -> sqlite3.Connection:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CannotRun(f"{path.parent}: cannot make this folder for a database: {error.strerror}") from None
        # Who waits does so in `_when_free`.
        connection = sqlite3.connect(path, timeout=0, isolation_level=None)
        # Readers do not wait for the writer, and a commit is one write.
        _when_free(connection, "PRAGMA journal_mode = WAL")
        # With NORMAL a power cut may take back commits whose messages were acknowledged.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    def begin(connection: sqlite3.Connection) -> None:
        # A transaction that reads first and writes later could not wait for another writer.
        _when_free(connection, "BEGIN IMMEDIATE")

    def away(error: Exception) -> bool:
        return getattr(error, "sqlite_errorcode", 0) & 0xFF in SQLITE_AWAY

    return Engine(connect, begin, "SELECT 1", lambda statement: statement, away)


def _when_free(connection: sqlite3.Connection, statement: str) -> None:
    """Execute what another process's transaction may have to end for; raises its error after BUSY_S."""
    deadline_s = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute(statement)
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline_s:
                raise
            time.sleep(BUSY_POLL_S)


def _postgresql(url: str) -> Engine:
    def connect() -> psycopg.Connection[Any]:
        given = {key: str(value) for key, value in conninfo_to_dict(url).items()}
        return psycopg.connect(make_conninfo(**{**POSTGRESQL_PATIENCE, **given}), autocommit=True)

    def away(error: Exception) -> bool:
        # Deadlocks and failed serializations are OperationalErrors too; after a failover the old primary only reads.
        kinds = (psycopg.OperationalError, psycopg.InterfaceError, psycopg.errors.ReadOnlySqlTransaction)
        return isinstance(error, kinds)

    return Engine(connect, _begin, f"SELECT pg_advisory_xact_lock({MAKING_TABLES})", _pyformat, away)


def _begin(connection: Any) -> object:
    return connection.execute("BEGIN")


@cache
def _pyformat(statement: str) -> str:
    """The statement with psycopg's placeholders."""
    return NAMED.sub(r"%(\1)s", statement.replace("%", "%%"))
