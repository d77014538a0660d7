"""A SQLite file and a private PostgreSQL server, both of which a test can take away for a while."""

import os
import shutil
import socket
import sqlite3
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import psycopg
import pytest

from coupons.database import Database

# initdb and the server refuse to run as root.
USER: dict[str, Any] = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}


class AnyDatabase(Protocol):
    """An empty database: its URL, its rows, and a block during which nobody can write to it."""

    url: str

    @contextmanager
    def away(self) -> Iterator[None]: ...


def rows(database: AnyDatabase | str, query: str) -> list[tuple[Any, ...]]:
    """The rows of a query; of a database without tables none."""
    found = Database(database if isinstance(database, str) else database.url)
    try:
        with found.transaction(write=False) as effects:
            return effects.execute(query)
    except (sqlite3.OperationalError, psycopg.errors.UndefinedTable):
        return []
    finally:
        found.close()


class Sqlite:
    def __init__(self, folder: Path) -> None:
        self._path = folder / "service.db"
        self.url = f"sqlite:{self._path}"

    @contextmanager
    def away(self) -> Iterator[None]:
        """Another process that never ends its transaction."""
        other = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        other.execute("BEGIN EXCLUSIVE")
        try:
            yield
        finally:
            other.close()


class PostgresqlServer:
    """A server of the installed release, on a free port, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._programs = _programs()
        self._folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        if USER:
            shutil.chown(folder, **USER)
        self._call("initdb", "-D", str(folder / "data"), "-U", "tests", "--auth=trust", "--no-sync")
        self.start()

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self._folder} -c fsync=off"
        self._control("start", "-o", options, "-l", str(self._folder / "log"))

    def stop(self) -> None:
        self._control("stop", "-m", "immediate")

    def url(self, database: str) -> str:
        return f"postgresql://tests@127.0.0.1:{self.port}/{database}"

    def _control(self, *arguments: str) -> None:
        self._call("pg_ctl", "-D", str(self._folder / "data"), "-w", *arguments)

    def _call(self, program: str, *arguments: str) -> None:
        # The server keeps what it inherits: a pipe would never end.
        with (self._folder.parent / f"{program}.out").open("w+", encoding="utf-8") as out:
            done = subprocess.run(
                [str(self._programs / program), *arguments], stdout=out, stderr=out, cwd="/", check=False, **USER
            )
            out.seek(0)
            assert done.returncode == 0, out.read()


class Postgresql:
    def __init__(self, server: PostgresqlServer) -> None:
        self._server = server
        name = f"test_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        self.url = server.url(name)

    @contextmanager
    def away(self) -> Iterator[None]:
        """The server crashed."""
        self._server.stop()
        try:
            yield
        finally:
            self._server.start()


def _programs() -> Path:
    """Where initdb is; skips the test where PostgreSQL is not installed."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    if not installed and on_path is None:
        pytest.skip("no PostgreSQL server here: initdb is neither on PATH nor in /usr/lib/postgresql/*/bin")
    return (installed[-1] if installed else Path(str(on_path)).resolve()).parent
