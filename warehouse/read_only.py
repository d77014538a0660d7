"""Tell a statement that only reads from every other one, by DuckDB's own syntax tree.

No setting of DuckDB does it: a folder that it may read it may also write, and since 2.0 even a SELECT can hold a
COPY … TO, as a CTE.
"""

import json
import re
from typing import Any

import duckdb

from errors import ProblemFound

READING_NODES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "CTE_NODE", "RECURSIVE_CTE_NODE"})
# Others run SQL that they are given as text, which the tree does not show: query(), and in 2.0 more of the kind.
READING_FUNCTIONS = (
    "landed",
    "features",
    "visits",
    "read_parquet",
    "query_table",
    "range",
    "generate_series",
    "unnest",
    "json_each",
    "json_tree",
    "glob",
)
READING_PREFIXES = ("duckdb_", "parquet_")
# No comments: DuckDB's nest, and what hides behind one must not pass for the statement.
EXPLAIN = re.compile(r"\s*EXPLAIN\b\s*(ANALYZE\b|\(\s*(ANALYZE|FORMAT)\b[^)]*\))?", re.IGNORECASE)


def check(parser: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Raise ProblemFound unless `sql` is exactly one statement and it only reads.

    Raises duckdb.ParserException, which points to the place, where it is no SQL.
    """
    statements = parser.extract_statements(sql)
    if len(statements) != 1:
        raise ProblemFound(f"warehouse: one statement at a time, got {len(statements)}")
    kind = statements[0].type
    if kind == duckdb.StatementType.EXPLAIN:
        _check_explained(parser, sql)
    elif kind == duckdb.StatementType.MULTI:
        raise _refused("a PIVOT that finds out its own columns", "name them, PIVOT … ON column IN (…)")
    elif kind != duckdb.StatementType.SELECT:
        raise _refused(kind.name)
    else:
        _check_tree(_tree(parser, sql))


def _check_explained(parser: duckdb.DuckDBPyConnection, sql: str) -> None:
    start = EXPLAIN.match(sql)
    try:
        if start is not None:
            return check(parser, sql[start.end() :])
    except duckdb.ParserException:
        pass
    raise _refused("an EXPLAIN with a comment in it", "leave the comment out")


def _tree(parser: duckdb.DuckDBPyConnection, sql: str) -> Any:
    row = parser.execute("SELECT json_serialize_sql($sql::VARCHAR)", {"sql": sql}).fetchone()
    assert row is not None
    tree = json.loads(row[0])
    if tree["error"]:
        raise _refused(tree["error_message"])
    return tree["statements"]


def _check_tree(node: Any) -> None:
    if isinstance(node, list):
        for child in node:
            _check_tree(child)
    elif isinstance(node, dict):
        kind = str(node.get("type", ""))
        if kind.endswith("_NODE") and kind not in READING_NODES:
            raise _refused(kind.removesuffix("_QUERY_NODE"))
        if kind == "TABLE_FUNCTION":
            _check_function(node["function"]["function_name"].lower())
        for child in node.values():
            _check_tree(child)


def _check_function(name: str) -> None:
    if name not in READING_FUNCTIONS and not name.startswith(READING_PREFIXES):
        raise _refused(f"table function {name}", f"there are {', '.join(READING_FUNCTIONS)}")


def _refused(what: str, instead: str = "ask with SELECT, DESCRIBE, SUMMARIZE, SHOW or EXPLAIN") -> ProblemFound:
    return ProblemFound(f"warehouse: it is read-only, got {what}; {instead}")
