"""A landed day answers with what was landed, before and after compaction; a wrong answer ends the bench."""

from pathlib import Path

import pytest

import warehouse
from bench import landed, query
from errors import CannotRun


def test_a_day_is_landed_in_so_many_files(tmp_path: Path) -> None:
    landed.land(tmp_path, 2_400, files_per_hour=2)
    (found,) = warehouse.query("SELECT count(*) AS rows, count(DISTINCT event_id) AS ids FROM events", tmp_path)
    assert found == {"rows": 2_400, "ids": 2_400}
    assert len(list((tmp_path / "events").rglob("*.parquet"))) == 48


def test_every_question_is_answered_by_what_was_landed(tmp_path: Path) -> None:
    visits = landed.land(tmp_path, 4_800, files_per_hour=2)
    for name, ask in query.questions().items():
        query.check(name, ask(tmp_path), visits)
    with pytest.raises(CannotRun, match="funnel answers"):
        query.check("funnel", query.questions()["funnel"](tmp_path), [visits[0] + 1, *visits[1:]])
