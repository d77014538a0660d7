"""Complete what a killed JobManager had only begun to write about a job that ended.

Flink (1.20.5) writes a job's end to <storage>/job-result-store/<cluster>/<job>_DIRTY.json in place, and removes the
file once the job is cleaned up. Killed in between, it leaves an empty file, and every later JobManager dies of reading
it. The file is there only for a job that has ended, so an end is what we write: left out, the job would come back.
"""

import json
import re
from pathlib import Path

NAME = re.compile(r"([0-9a-f]{32})_DIRTY\.json")


def mend(storage: Path) -> list[str]:
    """Complete each half-written result under `storage`, of a JobManager that does not run; the jobs' ids."""
    mended = []
    for file in sorted(storage.glob("job-result-store/*/*.json")):
        name = NAME.fullmatch(file.name)
        if name is None or _whole(file):
            continue
        job_id = name.group(1)
        # How it ended is lost. Only the cleaning up reads this, and treats all ends alike.
        result: dict[str, object] = {
            "id": job_id,
            "application-status": "CANCELED",
            "accumulator-results": {},
            "net-runtime": 0,
        }
        part = file.with_suffix(".part")
        part.write_text(json.dumps({"result": result, "version": 1}), encoding="utf-8")
        part.replace(file)
        mended.append(job_id)
    return mended


def _whole(file: Path) -> bool:
    try:
        json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        return False
    return True
