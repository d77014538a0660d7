"""Nothing that is asked can write: every way that DuckDB knows is tried, and the folder stays as it was."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

import warehouse
from errors import ProblemFound
from tests.warehouse.landing import event, land

# Inside the warehouse, where DuckDB's own settings would allow it.
COPY = "COPY (SELECT 1 AS a) TO 'WAREHOUSE/evil.parquet'"
QUOTED_COPY = f"WITH t AS ({COPY}) FROM t".replace("'", "''")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("warehouse")
    land(folder, "events", [event()])
    return folder


@pytest.fixture(scope="module")
def opened(folder: Path) -> Iterator[warehouse.Connection]:
    with warehouse.connect(folder) as connection:
        yield connection


WRITES = [
    (COPY, "COPY"),
    (f"/* why not */ {COPY}", "COPY"),
    (f"EXPLAIN ANALYZE {COPY}", "COPY"),
    (f"EXPLAIN (ANALYZE, FORMAT json) {COPY}", "COPY"),
    (f"EXPLAIN(ANALYZE) {COPY}", "COPY"),
    (f"EXPLAIN /* really */ ANALYZE {COPY}", "an EXPLAIN with a comment in it"),
    (f"-- why not\nEXPLAIN ANALYZE {COPY}", "an EXPLAIN with a comment in it"),
    (f"/* /* */ EXPLAIN SELECT 1 -- */ EXPLAIN ANALYZE {COPY}", "an EXPLAIN with a comment in it"),
    (f"PREPARE evil AS {COPY}", "PREPARE"),
    (f"WITH t AS ({COPY}) FROM t", "COPY"),
    (f"SELECT (WITH t AS ({COPY}) SELECT count(*) FROM t)", "COPY"),
    (f"SELECT * FROM (SELECT 1 UNION ALL (WITH t AS ({COPY}) FROM t))", "COPY"),
    (f"EXPLAIN ANALYZE WITH t AS ({COPY}) FROM t", "COPY"),
    (f"FROM query('{QUOTED_COPY}')", "table function query"),
    (f"FROM system.main.\"QUERY\"('{QUOTED_COPY}')", "table function query"),
    (f"SELECT (SELECT count(*) FROM range(3) AS r, LATERAL query('{QUOTED_COPY}'))", "table function query"),
    (f"FROM destroy_external_resource('query', '{QUOTED_COPY}')", "table function destroy_external_resource"),
    ("FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))", "table function json_execute_serialized_sql"),
    ("FROM read_xlsx('a.xlsx')", "table function read_xlsx"),
    ("FROM checkpoint()", "table function checkpoint"),
    ("EXPORT DATABASE 'WAREHOUSE/evil'", "EXPORT"),
    ("ATTACH 'WAREHOUSE/evil.db'", "ATTACH"),
    ("ATTACH ':memory:' AS other", "ATTACH"),
    ("INSTALL httpfs", "LOAD"),
    ("LOAD httpfs", "LOAD"),
    ("CREATE TABLE evil AS SELECT 1", "CREATE"),
    ("CREATE OR REPLACE VIEW events AS SELECT 1", "CREATE"),
    ("DROP VIEW events", "DROP"),
    ("INSERT INTO contract.events (event_id) VALUES ('evil')", "INSERT"),
    ("WITH t AS (INSERT INTO contract.events (event_id) VALUES ('evil') RETURNING *) FROM t", "INSERT"),
    ("WITH t AS (DELETE FROM contract.events RETURNING *) FROM t", "DELETE"),
    ("SET enable_external_access = true", "SET"),
    ("RESET lock_configuration", "SET"),
    ("PRAGMA enable_profiling", "PRAGMA"),
    ("CALL enable_logging()", "CALL"),
    ("BEGIN", "TRANSACTION"),
    ("PIVOT events ON event_type USING count(*)", "a PIVOT that finds out its own columns"),
]


@pytest.mark.parametrize(("sql", "named"), WRITES, ids=[sql[:60] for sql, _ in WRITES])
def test_what_does_more_than_read_is_refused_by_name_and_leaves_no_trace(
    sql: str, named: str, opened: warehouse.Connection, folder: Path
) -> None:
    before = sorted(folder.rglob("*"))
    for ask in (opened.sql, opened.execute):
        with pytest.raises(ProblemFound, match=f"^warehouse: it is read-only, got {named}"):
            ask(sql.replace("WAREHOUSE", str(folder)))
    assert sorted(folder.rglob("*")) == before
    assert opened.sql("SELECT event_id FROM events").fetchall() == [("event-0",)]


def test_two_statements_are_refused(opened: warehouse.Connection) -> None:
    with pytest.raises(ProblemFound, match="one statement at a time, got 2"):
        opened.sql(f"SELECT 1; {COPY}")


READS = [
    "SELECT 1",
    "FROM events;",
    "-- how many\nSELECT count(*) FROM events",
    "VALUES (1)",
    "TABLE events",
    "DESCRIBE events",
    "SUMMARIZE events",
    "SHOW TABLES",
    "EXPLAIN FROM events",
    "EXPLAIN ANALYZE FROM events",
    "EXPLAIN(FORMAT json) FROM events",
    "EXPLAIN (SELECT 1)",
    "EXPLAIN /* how */ SELECT 1",
    "WITH RECURSIVE t AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM t WHERE a < 3) FROM t",
    "FROM events UNION ALL FROM events",
    "PIVOT events ON event_type IN ('product_viewed') USING count(*)",
    "SELECT 'COPY x TO y; DROP VIEW events'",
    "FROM landed('conversion')",
    "FROM read_parquet('WAREHOUSE/events/*/*/*.parquet')",
    "SELECT * FROM range(3)",
    "SELECT unnest([1, 2])",
    "SELECT view_name FROM duckdb_views()",
    "SELECT name FROM parquet_schema('WAREHOUSE/events/*/*/*.parquet')",
    "SELECT current_setting('lock_configuration')",
]


@pytest.mark.parametrize("sql", READS)
def test_what_only_reads_is_answered(sql: str, opened: warehouse.Connection, folder: Path) -> None:
    sql = sql.replace("WAREHOUSE", str(folder))
    rows = opened.sql(sql).fetchall()
    assert len(opened.execute(sql).fetchall()) == len(rows)


@pytest.mark.parametrize("sql", ["SELECT st_point(1, 2)", "FROM 'a.xlsx'", "FROM 'https://shop/a.parquet'"])
def test_nothing_is_installed_for_a_question(sql: str, opened: warehouse.Connection, folder: Path) -> None:
    before = sorted(folder.rglob("*"))
    with pytest.raises(duckdb.Error, match=r"not in the catalog|disabled by configuration|does not exist"):
        opened.sql(sql)
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    "sql",
    ["SET threads = 1", "INSTALL httpfs", "LOAD httpfs", "ATTACH '/tmp/evil.db'", "COPY (SELECT 1) TO '/tmp/evil'"],
)
def test_should_the_check_miss_a_statement_the_settings_refuse_it(sql: str, opened: warehouse.Connection) -> None:
    with pytest.raises(duckdb.Error, match=r"has been locked|disabled (by|through) configuration"):
        opened._database.cursor().execute(sql)
