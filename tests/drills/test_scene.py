"""Coupons flow when those of every job do."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from drills.scene import Scene


@pytest.mark.parametrize(("apart", "newest_ms"), [(False, [0, 7, 9, 9]), (True, [0, 0, 7, 8])])
def test_the_newest_coupon_is_of_the_job_that_is_further_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, apart: bool, newest_ms: list[int]
) -> None:
    monkeypatch.setenv("HONGBAO_STACK_VIP_MEMORY_MB", "1280" if apart else "0")
    scene = Scene(tmp_path, 1.0, spool=True, inbox=True, state=True)
    with closing(sqlite3.connect(scene.effects, isolation_level=None)) as database:
        database.execute("CREATE TABLE effects (due_ms BIGINT, membership_tier TEXT)")
        found = [scene.newest_due_ms()]
        for row in ((7, "none"), (9, "vip"), (8, "gold")):
            database.execute("INSERT INTO effects VALUES (?, ?)", row)
            found.append(scene.newest_due_ms())
    assert found == newest_ms
