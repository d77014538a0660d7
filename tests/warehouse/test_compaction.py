"""Compaction changes how many files hold the rows, and never which rows a reader sees."""

import shutil
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import warehouse
from errors import CannotRun
from settings.reader import ROOT
from tests.warehouse.landing import START, event, land
from tests.warehouse.small_files import LONG, NO_GRACE, age_notes, ids, kept, landed, names, plain_ids
from warehouse import compaction
from warehouse.compaction import compact
from warehouse.files import hours, live, visits_of
from warehouse.tables import TABLES
from warehouse.writing import count_rows


def test_an_hour_s_files_become_one_with_the_same_rows(tmp_path: Path) -> None:
    before = landed(tmp_path)
    whole = warehouse.query("FROM events ORDER BY event_id", tmp_path)
    (done,) = compact(tmp_path, ("events",), grace=NO_GRACE)
    assert (done.files_before, done.files_after, done.waiting, done.problems) == (12, 2, 0, ())
    assert done.bytes_after < done.bytes_before
    assert ids(tmp_path) == plain_ids(tmp_path) == before
    assert warehouse.query("FROM events ORDER BY event_id", tmp_path) == whole
    assert names(tmp_path) == kept(tmp_path)
    assert all(path.name.startswith("compacted-") for path in live(tmp_path, "events"))


def test_a_shopper_s_visits_lie_together_in_a_merged_file(tmp_path: Path) -> None:
    rows = [
        event(
            number,
            shopper_id=f"s{number % 3}",
            session_id=f"v{number % 2}",
            occurred_at=START + timedelta(seconds=60 - number),
        )
        for number in range(12)
    ]
    land(tmp_path, "events", rows[:6], part="one")
    land(tmp_path, "events", rows[6:], part="two")
    compact(tmp_path, ("events",), grace=NO_GRACE)
    (merged,) = live(tmp_path, "events")
    keys = ("shopper_id", "session_id", "occurred_at")
    assert [[row[key] for key in keys] for row in pq.read_table(merged, columns=list(keys)).to_pylist()] == sorted(
        [row[key] for key in keys] for row in rows
    )


def test_until_the_grace_is_over_the_old_files_lie_there_for_those_who_listed_them(tmp_path: Path) -> None:
    before = landed(tmp_path)
    listed = live(tmp_path, "events")
    (done,) = compact(tmp_path, ("events",), grace=LONG)
    assert (done.files_after, done.waiting) == (2, 12)
    assert all(path.exists() for path in listed)
    assert ids(tmp_path) == before
    assert plain_ids(tmp_path) == before, "a reader that knows nothing of it sees the old files alone"


def test_a_reader_who_listed_before_the_swap_can_read_until_the_second_grace_is_over(tmp_path: Path) -> None:
    before = landed(tmp_path)
    compact(tmp_path, ("events",), grace=LONG)
    listed = live(tmp_path, "events")
    age_notes(tmp_path)
    compact(tmp_path, ("events",), grace=LONG)
    assert plain_ids(tmp_path) == before, "swapped"
    assert sorted(value for path in listed for value in pq.read_table(path)["event_id"].to_pylist()) == before
    assert ids(tmp_path) == before


def test_a_second_run_has_nothing_to_do(tmp_path: Path) -> None:
    landed(tmp_path)
    compact(tmp_path, ("events",), grace=NO_GRACE)
    first = names(tmp_path)
    (done,) = compact(tmp_path, ("events",), grace=NO_GRACE)
    assert (done.files_before, done.files_after) == (2, 2)
    assert names(tmp_path) == first


def test_what_a_note_speaks_of_is_not_merged_again(tmp_path: Path) -> None:
    before = landed(tmp_path)
    compact(tmp_path, ("events",), grace=LONG)
    (done,) = compact(tmp_path, ("events",), grace=LONG)
    assert done.files_after == 2
    assert ids(tmp_path) == before


def test_files_that_landed_meanwhile_join_the_compacted_ones(tmp_path: Path) -> None:
    before = landed(tmp_path, files=3)
    compact(tmp_path, ("events",), grace=NO_GRACE)
    before = sorted(before + landed(tmp_path, files=3, first=3))
    assert ids(tmp_path) == before
    (done,) = compact(tmp_path, ("events",), grace=NO_GRACE)
    assert (done.files_before, done.files_after) == (8, 2)
    assert ids(tmp_path) == plain_ids(tmp_path) == before


def test_young_and_large_files_and_files_in_progress_are_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    landed(tmp_path)
    (done,) = compact(tmp_path, ("events",), older_than=timedelta(hours=1), grace=NO_GRACE)
    assert done.files_after == 12
    in_progress = next(hours(tmp_path, "events")) / ".part-9.parquet.inprogress.7f3a"
    in_progress.write_bytes(b"PAR1 half a fi")
    monkeypatch.setattr(compaction, "SMALL_BYTES", 10)
    assert compact(tmp_path, ("events",), grace=NO_GRACE)[0].files_after == 12
    monkeypatch.undo()
    assert compact(tmp_path, ("events",), grace=NO_GRACE)[0].files_after == 2
    assert in_progress.read_bytes() == b"PAR1 half a fi"


def test_a_merged_file_stops_growing_at_its_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = landed(tmp_path)
    (size, *_) = {path.stat().st_size for path in live(tmp_path, "events")}
    monkeypatch.setattr(compaction, "MERGED_BYTES", size * 3 + size // 2)
    (done,) = compact(tmp_path, ("events",), grace=NO_GRACE)
    assert done.files_after == 4
    assert ids(tmp_path) == before


def test_a_file_without_rows_and_an_empty_hour_are_no_obstacle(tmp_path: Path) -> None:
    before = landed(tmp_path, files=1)
    hour = next(hours(tmp_path, "events"))
    (one,) = hour.iterdir()
    pq.write_table(pq.read_table(one).slice(0, 0), hour / "nothing.parquet")
    (tmp_path / "events" / "event_date=2026-11-12" / "event_hour=00").mkdir(parents=True)
    (done,) = compact(tmp_path, ("events",), grace=NO_GRACE)
    assert done.files_after == 2
    assert ids(tmp_path) == before


def test_an_empty_warehouse_compacts_to_nothing(tmp_path: Path) -> None:
    assert [done.files_after for done in compact(tmp_path / "not there")] == [0] * len(TABLES)
    assert compact(tmp_path, ("events",))[0].files_before == 0


def test_a_column_that_came_later_is_null_in_the_rows_before_it(tmp_path: Path) -> None:
    land(tmp_path, "events", [event(1)], part="old")
    land(tmp_path, "events", [event(2, gift_wrap="red")], part="new", extra={"gift_wrap": pa.string()})
    (old, *_) = [path for path in live(tmp_path, "events") if path.name == "old.parquet"]
    pq.write_table(pq.read_table(old).drop_columns(["coupon_id"]), old)
    compact(tmp_path, ("events",), grace=NO_GRACE)
    rows = warehouse.query("SELECT event_id, gift_wrap, coupon_id FROM events ORDER BY event_id", tmp_path)
    assert [tuple(row.values()) for row in rows] == [("event-1", None, None), ("event-2", "red", None)]


def test_times_with_and_without_a_zone_mean_the_same_when_merged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    land(tmp_path, "events", [event(1)], part="zoned")
    land(tmp_path, "events", [event(2)], part="naive")
    (naive, _) = live(tmp_path, "events")
    rows = pq.read_table(naive)
    plain = rows.set_column(rows.column_names.index("read_at"), "read_at", rows["read_at"].cast(pa.timestamp("ms")))
    pq.write_table(plain, naive)
    compact(tmp_path, ("events",), grace=NO_GRACE)
    assert [row["read_at"] for row in warehouse.query("SELECT read_at FROM events", tmp_path)] == [START, START]


def test_files_as_flink_writes_them_are_merged(tmp_path: Path) -> None:
    hour = tmp_path / "events" / "event_date=2026-11-25" / "event_hour=01"
    hour.mkdir(parents=True)
    # Until December 2026 the keys of its maps were optional.
    for name in ("by_flink", "by_flink_optional_keys"):
        shutil.copy(ROOT / "tests" / "warehouse" / f"{name}.parquet", hour / f"part-{name}.parquet")
    whole = warehouse.query("FROM events ORDER BY event_id", tmp_path)
    (done,) = compact(tmp_path, ("events",), grace=NO_GRACE)
    assert (done.files_after, done.problems) == (1, ())
    assert warehouse.query("FROM events ORDER BY event_id", tmp_path) == whole
    assert len(plain_ids(tmp_path)) == len(whole) == 3
    (merged,) = hour.glob("*.parquet")
    assert pq.ParquetFile(merged).metadata.num_rows == 3


def test_a_file_that_is_no_parquet_is_named_and_its_hour_left_as_it_is(tmp_path: Path) -> None:
    landed(tmp_path)
    first, second = hours(tmp_path, "events")
    (first / "broken.parquet").write_bytes(b"no parquet")
    (done,) = compact(tmp_path, ("events",), grace=NO_GRACE)
    assert len(done.problems) == 1 and "broken.parquet" in done.problems[0]
    assert len(list(first.iterdir())) == 7
    (merged,) = second.glob("compacted-*")
    assert sorted(path.name for path in second.iterdir()) == [visits_of(merged).name, merged.name]


def test_a_merge_that_lost_a_row_is_never_committed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = landed(tmp_path)
    monkeypatch.setattr(
        compaction, "count_rows", lambda *asked: 1 if asked[1][0].endswith(".rows") else count_rows(*asked)
    )
    (done,) = compact(tmp_path, ("events",), grace=NO_GRACE)
    assert len(done.problems) == 2 and "12 rows became 1" in done.problems[0]
    assert names(tmp_path) == sorted([f"part-{n}.parquet" for n in range(6)] * 2)
    assert ids(tmp_path) == before


def test_a_table_that_does_not_land_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match="no table 'orders'; there are events, "):
        compact(tmp_path, ("orders",))
