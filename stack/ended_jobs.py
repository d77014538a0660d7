"""Remember why jobs failed: Flink archives each that ended, and a JobManager that dies takes its own memory along."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stack.flink_rest import innermost, plain

# In Flink's folder: a file a job that ended, some 100 kB.
FOLDER = "history"
KEPT = 100


def failures(flink: Path, known: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Jobs that failed and that the cluster no longer knows, as FlinkRest.jobs_with_reasons gives them, newest first.

    One whose name has started again since, in `known` or in the archive, is over and left out.
    """
    ended = sorted(filter(None, map(_read, _files(flink))), key=lambda job: -job["started_ms"])
    seen = {job["job_id"] for job in known}
    names = {job["job"] for job in known}
    found = []
    for job in ended:
        if job["job_id"] not in seen and job["job"] not in names and job["state"] == "FAILED":
            found.append(job)
        names.add(job["job"])
    return found


def trim(flink: Path) -> None:
    """Leave the newest."""
    for file in _files(flink)[KEPT:]:
        file.unlink(missing_ok=True)


def _files(flink: Path) -> list[Path]:
    return sorted((flink / FOLDER).glob("*"), key=lambda file: -file.stat().st_mtime)


def _read(file: Path) -> dict[str, Any] | None:
    """The job of an archive; None for a file that is none, or not whole yet."""
    try:
        archived = json.loads(file.read_text(encoding="utf-8"))["archive"]
        answers = {one["path"]: json.loads(one["json"]) for one in archived}
        (job,) = answers["/jobs/overview"]["jobs"]
        trace = answers[f"/jobs/{job['jid']}/exceptions"].get("root-exception")
        return {**plain(job), "why": innermost(trace) if trace and job["state"] == "FAILED" else None}
    except (OSError, ValueError, KeyError, TypeError):
        return None
