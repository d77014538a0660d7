"""A job that failed is told with its reason after its JobManager is gone, until its name has started again."""

import json
import os
from pathlib import Path
from typing import Any

from stack import ended_jobs

TRACE = "RuntimeException: outer\n\tat Some.java:1\nCaused by: CannotRun: the reason\n\tat Other.java:2\n"


def archived(flink: Path, name: str, job_id: str, state: str, started_ms: int) -> dict[str, Any]:
    """An archive as Flink 1.20 writes it, less what is not read."""
    job = {"jid": job_id, "name": name, "state": state, "start-time": started_ms, "tasks": {"running": 0, "total": 3}}
    answers = {"/jobs/overview": {"jobs": [job]}, f"/jobs/{job_id}/exceptions": {"root-exception": TRACE}}
    archive = [{"path": path, "json": json.dumps(answer)} for path, answer in answers.items()]
    file = flink / ended_jobs.FOLDER / job_id
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps({"archive": archive}), encoding="utf-8")
    os.utime(file, (started_ms, started_ms))
    return {"job": name, "job_id": job_id}


def test_failed_job_is_told_with_its_innermost_reason(tmp_path: Path) -> None:
    archived(tmp_path, "landing", "a", "FAILED", 5)
    assert ended_jobs.failures(tmp_path, []) == [
        {
            "job": "landing",
            "job_id": "a",
            "state": "FAILED",
            "started_ms": 5,
            "tasks_running": 0,
            "tasks": 3,
            "why": "CannotRun: the reason",
        }
    ]


def test_job_that_the_cluster_knows_or_that_started_again_is_left_out(tmp_path: Path) -> None:
    known = archived(tmp_path, "landing", "a", "FAILED", 5)
    archived(tmp_path, "coupons", "b", "FAILED", 6)
    archived(tmp_path, "conversion", "c", "FAILED", 7)
    archived(tmp_path, "conversion", "d", "CANCELED", 8)
    again = {"job": "coupons", "job_id": "e"}
    assert ended_jobs.failures(tmp_path, [known, again]) == []
    assert [job["job"] for job in ended_jobs.failures(tmp_path, [])] == ["coupons", "landing"]


def test_file_that_is_no_archive_is_passed_over(tmp_path: Path) -> None:
    archived(tmp_path, "landing", "a", "FAILED", 5)
    (tmp_path / ended_jobs.FOLDER / "half").write_text('{"archive":[{"pa', encoding="utf-8")
    assert len(ended_jobs.failures(tmp_path, [])) == 1
    assert ended_jobs.failures(tmp_path / "none", []) == []


def test_only_the_newest_archives_are_kept(tmp_path: Path) -> None:
    for number in range(ended_jobs.KEPT + 2):
        archived(tmp_path, "landing", f"j{number}", "FAILED", number)
    ended_jobs.trim(tmp_path)
    left = {file.name for file in (tmp_path / ended_jobs.FOLDER).iterdir()}
    assert left == {f"j{number}" for number in range(2, ended_jobs.KEPT + 2)}
