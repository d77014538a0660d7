"""What a killed JobManager half wrote is completed, and nothing else is touched."""

import json
from pathlib import Path

from stack import job_results

JOB = "e6d11c11754233d810cbb9d9665ba8d9"


def test_half_written_end_is_completed_and_a_whole_one_left_alone(tmp_path: Path) -> None:
    results = tmp_path / "job-result-store" / "default"
    results.mkdir(parents=True)
    whole = results / f"{JOB[::-1]}_DIRTY.json"
    whole.write_text('{"result": {}, "version": 1}', encoding="utf-8")
    for half in ("", '{"result":{"id":"e6d'):
        torn = results / f"{JOB}_DIRTY.json"
        torn.write_text(half, encoding="utf-8")
        assert job_results.mend(tmp_path) == [JOB]
        assert json.loads(torn.read_text(encoding="utf-8"))["result"]["id"] == JOB
    assert job_results.mend(tmp_path) == []
    assert whole.read_text(encoding="utf-8") == '{"result": {}, "version": 1}'


def test_no_storage_is_nothing_to_mend(tmp_path: Path) -> None:
    assert job_results.mend(tmp_path / "none") == []
