"""The small disk comes, fills up and goes, however the block ends; where it may not be mounted a sentence says so."""

import os
import shutil
import signal
from pathlib import Path

import pytest

from drills.disk import half_written, small_disk, take_what_is_free
from errors import CannotRun
from settings.reader import ROOT

# What the jobs write, a map with nullable keys in it.
BY_FLINK = ROOT / "tests" / "warehouse" / "by_flink.parquet"


@pytest.fixture
def may_mount(tmp_path: Path) -> None:
    try:
        with small_disk(tmp_path / "trial"):
            pass
    except CannotRun as error:
        pytest.skip(str(error))


@pytest.mark.usefixtures("may_mount")
def test_full_disk_takes_not_one_page_more(tmp_path: Path) -> None:
    with small_disk(tmp_path) as settings:
        disk = Path(settings["HONGBAO_WAREHOUSE_FOLDER"]).parent
        with (disk / "ballast").open("ab", buffering=0) as file:
            take_what_is_free(file)
        with pytest.raises(OSError, match="No space left"):
            (disk / "more").write_bytes(b"x")


@pytest.mark.usefixtures("may_mount")
def test_disk_goes_when_the_drill_is_ended(tmp_path: Path) -> None:
    with pytest.raises(SystemExit), small_disk(tmp_path):
        assert os.path.ismount(tmp_path / "disk")
        os.kill(os.getpid(), signal.SIGTERM)
    assert not os.path.ismount(tmp_path / "disk")
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


@pytest.mark.usefixtures("may_mount")
def test_disk_that_a_killed_drill_left_is_replaced(tmp_path: Path) -> None:
    left = small_disk(tmp_path)
    left.__enter__()
    (tmp_path / "disk" / "old").touch()
    with small_disk(tmp_path):
        assert list((tmp_path / "disk").iterdir()) == []
    assert not os.path.ismount(tmp_path / "disk")


def test_refused_mount_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refusing = tmp_path / "bin" / "mount"
    refusing.parent.mkdir()
    refusing.write_text("#!/bin/sh\necho 'must be superuser' >&2\nexit 1\n", encoding="utf-8")
    refusing.chmod(0o755)
    monkeypatch.setenv("PATH", f"{refusing.parent}:{os.environ['PATH']}")
    refused = pytest.raises(CannotRun, match=r"disk-full mounts .* \(must be superuser\); run it as root")
    with refused, small_disk(tmp_path):
        raise AssertionError("not reached")


def test_half_written_file_is_named_once_and_a_hidden_one_never(tmp_path: Path) -> None:
    hour = tmp_path / "events" / "event_date=2026-01-01" / "event_hour=00"
    hour.mkdir(parents=True)
    shutil.copy(BY_FLINK, hour / "whole.parquet")
    torn = BY_FLINK.read_bytes()[:-4]
    (hour / "torn.parquet").write_bytes(torn)
    (hour / ".torn.parquet.inprogress").write_bytes(torn)
    looked_at: set[Path] = set()
    assert [finding.split()[0] for finding in half_written(tmp_path, looked_at)] == ["torn.parquet"]
    assert half_written(tmp_path, looked_at) == []
