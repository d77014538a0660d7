"""The job in docs/jobs.md runs as it stands there."""

import os
import re
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from ingest import Publisher
from jobs.submit import environment, submit, wait_until_running
from settings import Flink, Pulsar, Stack, Warehouse, read
from settings.reader import ROOT
from stack.flink_rest import FlinkRest
from tests.waiting import eventually

PAGE = (ROOT / "docs" / "jobs.md").read_text(encoding="utf-8")


@pytest.fixture
def own_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The page's two files in a folder beside the checkout's jobs/; that folder's parent."""
    (tmp_path / "jobs").mkdir()
    for kind, suffix in (("python", "py"), ("sql", "sql")):
        (text,) = re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)
        (tmp_path / "jobs" / f"scans.{suffix}").write_text(text, encoding="utf-8")
    # It looks where the checkout's jobs lie.
    monkeypatch.setattr("jobs.submit.check_names", lambda names: None)
    return str(tmp_path)


@pytest.mark.stack
def test_job_in_the_docs_lands_its_rows(own_job: str, broker: Pulsar) -> None:
    settings = environment(read(Stack))
    places = {**settings, "PYTHONPATH": os.pathsep.join((own_job, settings["PYTHONPATH"]))}
    (job,) = submit(["scans"], {**places, "HONGBAO_SCANS_CHECKPOINT_INTERVAL": "1 s"})
    scan = {
        "event_type": "qr_scanned",
        "user_id": "u-own-job",
        "session_id": "s",
        "store_id": "s7",
        "occurred_at": datetime.now(UTC),
    }

    def landed() -> list[tuple[str, str]]:
        files = list((read(Warehouse).folder / "scans").glob("**/part-*.parquet"))
        with duckdb.connect() as books:
            query = "SELECT shopper_id, store_id FROM read_parquet(?) WHERE shopper_id = 'u-own-job'"
            return books.execute(query, [list(map(str, files))]).fetchall() if files else []

    with FlinkRest(read(Flink).rest_url) as rest:
        try:
            wait_until_running(rest, job)
            with Publisher(broker) as clicks:
                event_id = clicks.publish(scan)
                clicks.publish({**scan, "event_id": event_id})
            eventually(landed, [("u-own-job", "s7")])
        finally:
            rest.cancel_and_wait(job.job_id)
