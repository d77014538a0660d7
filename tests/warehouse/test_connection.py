"""The warehouse answers over what has landed, whatever the jobs are writing meanwhile, and never changes it."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import warehouse
from errors import ProblemFound, SettingsError
from tests.warehouse.landing import START, event, land
from warehouse.tables import PARTITION, TABLES


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[warehouse.Connection]:
    with warehouse.connect(tmp_path) as connection:
        yield connection


def count(connection: warehouse.Connection, view: str = "events") -> int:
    return len(connection.sql(f"FROM {view}").fetchall())


@pytest.mark.parametrize("view", warehouse.VIEWS)
def test_every_view_of_an_empty_warehouse_is_an_empty_table(view: str, tmp_path: Path) -> None:
    with warehouse.connect(tmp_path / "not" / "there") as connection:
        answer = connection.sql(f"FROM {view}")
        assert answer.fetchall() == []
        assert "empty" not in answer.columns


@pytest.mark.parametrize("table", TABLES)
def test_a_table_has_its_contract_s_columns_before_and_after_the_first_file(
    table: str, opened: warehouse.Connection, tmp_path: Path
) -> None:
    def columns() -> dict[str, str]:
        answer = opened.sql(f"FROM {table}")
        return dict(zip(answer.columns, map(str, answer.types), strict=True))

    expected = {**TABLES[table].columns, **PARTITION}
    assert columns() == expected
    land(tmp_path, table, [{TABLES[table].time: START}])
    assert columns() == expected
    assert count(opened, table) == 1


def test_a_new_file_is_in_the_next_answer_of_an_open_connection(opened: warehouse.Connection, tmp_path: Path) -> None:
    assert count(opened) == 0
    land(tmp_path, "events", [event(1)], part="a")
    assert count(opened) == 1
    land(tmp_path, "events", [event(2)], part="b")
    assert count(opened) == 2


@pytest.mark.parametrize("name", [".part-1.parquet.inprogress.7f3a", ".part-1.parquet", "part-1.parquet.tmp"])
def test_a_file_in_progress_is_invisible(name: str, opened: warehouse.Connection, tmp_path: Path) -> None:
    (landed,) = land(tmp_path, "events", [event()])
    landed.with_name(name).write_bytes(b"PAR1 half a fi")
    assert count(opened) == 1


def test_files_of_an_older_and_a_newer_schema_are_read_together(opened: warehouse.Connection, tmp_path: Path) -> None:
    land(tmp_path, "events", [event(1)], part="old")
    assert count(opened) == 1
    land(tmp_path, "events", [event(2, gift_wrap="red")], part="new", extra={"gift_wrap": pa.string()})
    answer = opened.sql("SELECT event_id, gift_wrap FROM events ORDER BY event_id").fetchall()
    assert answer == [("event-1", None), ("event-2", "red")]


def test_a_file_without_a_column_of_the_contract_has_nulls_there(opened: warehouse.Connection, tmp_path: Path) -> None:
    (landed,) = land(tmp_path, "coupons", [{"coupon_id": "c", "decided_at": START, "lane": "vip"}])
    narrow = pq.read_table(landed).drop_columns(["lane"])
    pq.write_table(narrow, landed)
    assert opened.sql("SELECT coupon_id, lane FROM coupons").fetchall() == [("c", None)]


def test_a_filter_on_date_and_hour_opens_only_their_files(opened: warehouse.Connection, tmp_path: Path) -> None:
    land(tmp_path, "events", [event(hour, occurred_at=START + timedelta(hours=hour)) for hour in range(24)])
    ((_, plan),) = opened.sql(
        "EXPLAIN ANALYZE SELECT event_id FROM events WHERE event_date = DATE '2026-11-11' AND event_hour >= 22"
    ).fetchall()
    assert "Scanning Files: 2/24" in plan


def test_a_filter_on_date_and_hour_skips_files_of_conversion_though_the_newest_wins(
    opened: warehouse.Connection, tmp_path: Path
) -> None:
    land(tmp_path, "conversion", [{"window_start": START + timedelta(hours=hour)} for hour in range(24)])
    ((_, plan),) = opened.sql("EXPLAIN ANALYZE FROM conversion WHERE event_hour = 3").fetchall()
    assert "Scanning Files: 1/24" in plan


def test_times_are_aware_and_in_utc_wherever_the_reader_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    land(tmp_path, "events", [event(occurred_at=datetime(2026, 11, 10, 23, 59, 59, 999_000, tzinfo=UTC))])
    (row,) = warehouse.query("SELECT occurred_at, event_date, occurred_at::VARCHAR AS text FROM events", tmp_path)
    assert row["occurred_at"].utcoffset() == timedelta(0)
    assert row["occurred_at"] == datetime(2026, 11, 10, 23, 59, 59, 999_000, tzinfo=UTC)
    assert row["event_date"].isoformat() == "2026-11-10"
    assert row["text"] == "2026-11-10 23:59:59.999+00"


def test_readers_never_fail_and_never_see_less_while_a_job_writes(opened: warehouse.Connection, tmp_path: Path) -> None:
    files = 200
    done = threading.Event()

    def write() -> None:
        for number in range(files):
            land(tmp_path, "events", [event(number)], part=f"part-{number}")
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = [0]
    while not done.is_set():
        seen.append(count(opened))
    writer.join()
    assert seen == sorted(seen)
    assert len(set(seen)) > 2, "the reader must have looked while files came in"
    assert count(opened) == files


def test_threads_share_a_connection(opened: warehouse.Connection, tmp_path: Path) -> None:
    land(tmp_path, "events", [event(number) for number in range(1000)])
    counts: list[int] = []
    readers = [threading.Thread(target=lambda: counts.append(count(opened))) for _ in range(8)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert counts == [1000] * 8


@pytest.mark.parametrize(
    "sql",
    ["FROM read_parquet('/etc/passwd')", "FROM glob('/etc/*')", "FROM '/etc/passwd.csv'", "FROM '../secret.json'"],
)
def test_no_file_outside_the_warehouse_can_be_read(sql: str, opened: warehouse.Connection) -> None:
    with pytest.raises(duckdb.Error, match=r"disabled by configuration|does not exist"):
        opened.sql(sql).fetchall()


def test_values_are_bound(opened: warehouse.Connection, tmp_path: Path) -> None:
    land(tmp_path, "events", [event(1), event(2, shopper_id="o'neil; DROP VIEW events")])
    found = opened.sql("SELECT event_id FROM events WHERE shopper_id = $who", {"who": "o'neil; DROP VIEW events"})
    assert found.fetchall() == [("event-2",)]
    assert opened.execute("SELECT count(*) FROM events WHERE price_minor = ?", [1200]).fetchone() == (2,)


def test_query_gives_dicts_by_column_name(tmp_path: Path) -> None:
    land(tmp_path, "events", [event(1), event(2)])
    rows = warehouse.query("SELECT category, count(*) AS n, sum(price_minor) AS sum FROM events GROUP BY 1", tmp_path)
    assert rows == [{"category": "drinks", "n": 2, "sum": 2400}]


def test_question_asked_again_opens_nothing_and_sees_what_landed_since(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = partial(warehouse.query, "SELECT count(*) AS events FROM events", tmp_path)
    assert asked() == [{"events": 0}]
    monkeypatch.setattr(duckdb, "connect", None)
    land(tmp_path, "events", [event()])
    assert asked() == [{"events": 1}]


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        ("SELEC 1", "warehouse: Parser Error: syntax error at or near"),
        ("FROM event", 'warehouse: Catalog Error: Table with name event does not exist!\nDid you mean "events"?'),
        ("SELECT 'x'::INTEGER", "warehouse: Conversion Error: Could not convert string 'x' to INT32"),
        ("", "warehouse: one statement at a time, got 0"),
    ],
)
def test_a_wrong_question_is_a_problem_in_duckdb_s_words(sql: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(ProblemFound) as caught:
        warehouse.query(sql, tmp_path)
    assert str(caught.value).startswith(sentence)


def test_the_folder_is_the_one_the_settings_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HONGBAO_WAREHOUSE_FOLDER", str(tmp_path))
    land(tmp_path, "events", [event()])
    assert warehouse.query("SELECT count(*) AS events FROM events") == [{"events": 1}]


def test_a_folder_that_duckdb_would_take_for_a_pattern_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"takes \* \? \[ for a pattern, got .*sale\[1\]; rename it"):
        warehouse.connect(tmp_path / "sale[1]")


def test_a_folder_with_a_comma_a_quote_and_a_blank_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "singles' day, 2026"
    land(folder, "events", [event()])
    assert warehouse.query("SELECT count(*) AS events FROM events", folder) == [{"events": 1}]


@pytest.mark.parametrize("how", [{"use_deprecated_int96_timestamps": True}, {"coerce_timestamps": "us"}])
def test_times_mean_the_same_however_a_writer_stores_them(how: dict[str, Any], tmp_path: Path) -> None:
    (landed,) = land(tmp_path, "events", [event()])
    rows = pq.read_table(landed)
    naive = rows.set_column(rows.column_names.index("read_at"), "read_at", rows["read_at"].cast(pa.timestamp("ms")))
    pq.write_table(naive, landed, **how)
    (row,) = warehouse.query("SELECT occurred_at, read_at FROM events", tmp_path)
    assert row == {"occurred_at": START, "read_at": START}
