"""Let a Flink job empty the backlog from the start, and say how long it took."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from errors import CannotRun
from jobs.submit import Submitted, environment, known, submit_and_check, wait_until_running
from schemas.topics import CLICKS
from settings import Flink, Pulsar, Stack, Warehouse, read
from settings.reader import ROOT
from stack import topics
from stack.flink_rest import FlinkRest
from stack.processes import wait_until
from stack.pulsar_admin import PulsarAdmin

LONGEST_S = 900.0
NOT_FOUND = 404
ASK_S = 0.1


@contextmanager
def drained(job: str, messages: int, tables: tuple[str, ...], topic: str | None = None) -> Iterator[float]:
    """Run the job on an empty warehouse until the broker has its answer for everything; gives the seconds it took.

    They run from the moment that the last of its readers runs to the acknowledgement that empties the subscription:
    a checkpoint holds everything by then. The job ends with the block. `tables` are its folders and `topic` its output,
    both of which are made anew, because a job may read what it published before.
    """
    pulsar, flink = read(Pulsar), read(Flink)
    for table in tables:
        shutil.rmtree(read(Warehouse).folder / table, ignore_errors=True)
    _forget(pulsar, job, topic)
    with FlinkRest(flink.rest_url) as rest, PulsarAdmin(pulsar.admin_url) as admin:
        job_id = _submit(job, rest)
        try:
            begun_s = reading_since_s(rest, job_id, "clicks")
            wait_until_empty(
                rest, job_id, messages, lambda: admin.stats(pulsar.topic(CLICKS.path))["subscriptions"][job]
            )
            seconds = time.time() - begun_s
            # What acknowledged may still be making its files visible.
            complete_another(rest, job_id)
            yield seconds
        finally:
            rest.cancel_and_wait(job_id)


def _forget(pulsar: Pulsar, job: str, topic: str | None) -> None:
    clicks = f"/{pulsar.topic(CLICKS.path).replace('://', '/')}/subscription/{job}"
    with PulsarAdmin(pulsar.admin_url) as admin:
        admin.call("DELETE", f"{clicks}?force=true", accept=(NOT_FOUND,))
        admin.call("PUT", clicks, "earliest")
        if topic is not None:
            path = f"/{pulsar.topic(topic).replace('://', '/')}/partitions?force=true"
            admin.call("DELETE", path, accept=(NOT_FOUND,))
    topics.create(pulsar)


def _submit(job: str, rest: FlinkRest) -> str:
    if job in known():
        (submitted,) = submit_and_check([job])
        return submitted.job_id
    return submit_module(rest, "bench.plain_jobs", job)


def submit_module(rest: FlinkRest, module: str, *arguments: str) -> str:
    """Submit by a module of the bench that prints what it submitted; gives the job's id once every task runs."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env=environment(read(Stack)),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        reasons = [line for line in done.stderr.splitlines() if line.startswith("Caused by: ")]
        raise CannotRun(f"bench: Flink refuses {arguments[0]}: {(reasons or ['no reason was printed'])[-1]}")
    submitted = Submitted(**json.loads(done.stdout.splitlines()[-1]))
    wait_until_running(rest, submitted)
    return submitted.job_id


def reading_since_s(rest: FlinkRest, job_id: str, topic: str) -> float:
    """When the last of the topic's readers began to run, in seconds since 1970."""
    vertices = rest.call("GET", f"/jobs/{job_id}")["vertices"]
    source = next(vertex["id"] for vertex in vertices if vertex["name"].startswith(f"Source: {topic}"))
    times = rest.call("GET", f"/jobs/{job_id}/vertices/{source}/subtasktimes")
    return max(float(subtask["timestamps"]["RUNNING"]) for subtask in times["subtasks"]) / 1000


def complete_another(rest: FlinkRest, job_id: str) -> None:
    """Return when one more checkpoint is complete."""

    before = _completed(rest, job_id)
    _checkpoint(rest, job_id)
    wait_until(f"a checkpoint of {job_id}", lambda: _completed(rest, job_id) > before, LONGEST_S)


def _completed(rest: FlinkRest, job_id: str) -> int:
    return int(rest.call("GET", f"/jobs/{job_id}/checkpoints")["counts"]["completed"])


def _checkpoint(rest: FlinkRest, job_id: str) -> None:
    rest.call("POST", f"/jobs/{job_id}/checkpoints", {"checkpointType": "FULL"})


def wait_until_empty(rest: FlinkRest, job_id: str, messages: int, subscription: Callable[[], dict[str, Any]]) -> None:
    """Return when everything is acknowledged.

    A checkpoint acknowledges. Once the broker has handed out everything, one is asked for as soon as the last is
    complete: what is left of the job's interval is not the time it takes.
    """
    deadline = time.monotonic() + LONGEST_S
    asked_at = -1
    while (stats := subscription())["msgBacklog"] > 0:
        if time.monotonic() > deadline or rest.state(job_id) in ("FAILED", "RESTARTING"):
            raise CannotRun(f"bench: the job did not empty the backlog: {rest.failure(job_id) or 'too slow'}")
        if stats["msgOutCounter"] >= messages and (done := _completed(rest, job_id)) > asked_at:
            asked_at = done
            _checkpoint(rest, job_id)
        time.sleep(ASK_S)
