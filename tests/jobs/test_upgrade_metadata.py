"""What an upgrade compares by outlives the checkpoint it is of."""

from pathlib import Path

import pytest

from errors import CannotRun
from jobs.upgrade import keep_metadata


def checkpoint(folder: Path, number: int) -> str:
    made = folder / f"chk-{number}"
    made.mkdir()
    (made / "_metadata").write_text(str(number), encoding="ascii")
    return f"file:{made}"


def test_copy_is_of_the_newest_where_the_one_before_is_gone(tmp_path: Path) -> None:
    answers = iter([f"file:{tmp_path}/chk-1", checkpoint(tmp_path, 2)])
    work = tmp_path / "work"
    work.mkdir()
    kept = keep_metadata(lambda: next(answers), "coupons", work)
    assert (kept, kept.read_text(encoding="ascii")) == (work / "_metadata", "2")


def test_checkpoint_of_another_machine_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match=r"chk-1 is not on this machine"):
        keep_metadata(lambda: f"file:{tmp_path}/chk-1", "coupons", tmp_path)


def test_job_without_a_checkpoint_cannot_be_compared(tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match=r"coupons has completed no checkpoint yet"):
        keep_metadata(lambda: None, "coupons", tmp_path)
