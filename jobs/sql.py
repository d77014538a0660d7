"""Read a .sql file of a job and bind typed values to its :names.

Flink SQL has no bind variables. Values become literals by their type, text never becomes SQL:
str -> 'quoted', int -> digits, timedelta -> INTERVAL.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from errors import SettingsError

if TYPE_CHECKING:
    from pyflink.table import StatementSet, StreamTableEnvironment

Value = str | int | timedelta

# What may not hold a parameter or end a statement comes first: a comment, a quoted text, a quoted name.
TOKEN = re.compile(r"--[^\n]*|'(?:[^']|'')*'|`[^`]*`|(?<![\w:]):([a-z][a-z0-9_]*)|;")


def statements(path: Path, values: Mapping[str, Value] | None = None) -> list[str]:
    """The file's statements in order, bound, without comments and final semicolons.

    Raises SettingsError for a :name that has no value.
    """
    values = values or {}

    def bind(match: re.Match[str]) -> str:
        token, name = match.group(0), match.group(1)
        if token.startswith("--"):
            return ""
        if token == ";":
            return "\0"
        if not name:
            return token
        if name not in values:
            raise SettingsError(f"{path.name}: no value for :{name}; there are {', '.join(sorted(values)) or 'none'}")
        return literal(values[name])

    bound = TOKEN.sub(bind, path.read_text(encoding="utf-8"))
    return [text.strip() for text in bound.split("\0") if text.strip()]


def calls(path: Path, function: str) -> bool:
    """Whether the file's statements call the function; a comment or a quoted text calls nothing."""
    return re.search(rf"\b{function}\s*\(", TOKEN.sub(" ", path.read_text(encoding="utf-8")), re.IGNORECASE) is not None


def literal(value: Value) -> str:
    """The value as a Flink SQL literal."""
    match value:
        case timedelta():
            seconds, microseconds = divmod(value // timedelta(microseconds=1), 1_000_000)
            # Seconds up to ten digits: Flink's default of two holds no more than 99.
            return f"INTERVAL '{seconds}.{microseconds // 1000:03}' SECOND(10, 3)"
        case bool():
            return "TRUE" if value else "FALSE"
        case int():
            return str(value)
        case str():
            return "'" + value.replace("'", "''") + "'"


def run(tables: "StreamTableEnvironment", path: Path, values: Mapping[str, Value] | None = None) -> "StatementSet":
    """Create the file's views and functions now; give its INSERTs as one statement set, one job."""
    inserts = tables.create_statement_set()
    for statement in statements(path, values):
        if statement.upper().startswith("INSERT"):
            inserts.add_insert_sql(statement)
        else:
            tables.execute_sql(statement)
    return inserts
