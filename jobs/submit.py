"""Submit jobs to the cluster and check what was deployed: python -m jobs.submit NAME…

One process submits any number of jobs, so that the JVM behind PyFlink starts once.
Prints one JSON object a job: job, job_id.
"""

import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from errors import CannotRun, SettingsError
from settings import Flink, Stack, read
from settings.reader import ROOT
from stack import cluster, machine
from stack.flink_rest import FlinkRest

JOBS = ("coupons", "landing", "conversion")
WITH_PYTHON = ("coupons",)
ALIVE = ("CREATED", "RUNNING", "RESTARTING", "INITIALIZING", "RECONCILING")
START_S = 90.0


@dataclass(frozen=True)
class Submitted:
    """A job as the cluster knows it."""

    job: str
    job_id: str


def submit(names: Sequence[str], environment: dict[str, str]) -> list[Submitted]:
    """Submit jobs in order; `environment` names the cluster's folders (stack.cluster.client_environment).

    Raises SettingsError for an unknown name, CannotRun with the cause where Flink refuses the job.
    """
    _check_names(names)
    done = subprocess.run(
        [sys.executable, "-m", "jobs.submit", *names],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise CannotRun(f"submit: {_cause(done.stderr)}")
    return [Submitted(**json.loads(line)) for line in done.stdout.splitlines() if line.startswith("{")]


def submit_and_check(names: Sequence[str], say: Callable[[str], None] = lambda _: None) -> list[Submitted]:
    """Submit to the cluster of this checkout's settings; return when every task runs, Python in thread mode.

    Raises CannotRun for a job that is running already, that does not come up, or whose Python runs elsewhere.
    """
    _check_names(names)
    stack = read(Stack)
    with FlinkRest(read(Flink).rest_url) as rest:
        for name in names:
            if any(job["job"] == name and job["state"] in ALIVE for job in rest.jobs()):
                raise CannotRun(f"submit: {name} runs already; hongbao jobs --cancel {name} stops it")
        say(f"submitting {', '.join(names)}")
        submitted = submit(names, {**cluster.client_environment(stack), **machine.environment()})
        for job in submitted:
            _wait(rest, job)
            if job.job in WITH_PYTHON and not rest.embeds_python(job.job_id):
                raise CannotRun(
                    f"submit: {job.job} runs, but its Python is not in the TaskManager (thread mode); "
                    "a coupon would take seconds. Is python.execution-mode overridden on the cluster?"
                )
    return submitted


def _check_names(names: Sequence[str]) -> None:
    for name in names:
        if name not in JOBS:
            raise SettingsError(f"submit: no job {name!r}; there are {', '.join(JOBS)}")


def _wait(rest: FlinkRest, job: Submitted) -> None:
    deadline = time.monotonic() + START_S
    while not rest.running(job.job_id):
        if time.monotonic() > deadline:
            raise CannotRun(
                f"submit: {job.job} does not run after {START_S:.0f} s: {rest.failure(job.job_id) or 'no slot?'}"
            )
        time.sleep(0.1)


def _cause(trace: str) -> str:
    """The innermost reason in a Java or Python trace: its last `Caused by`, else its last line."""
    lines = [line.strip() for line in trace.splitlines() if line.strip() and not line.startswith("\tat ")]
    causes = [line.removeprefix("Caused by: ") for line in lines if line.startswith("Caused by: ")]
    return (causes or lines or ["no reason was printed"])[-1]


def main() -> None:
    for name in sys.argv[1:]:
        job_id = importlib.import_module(f"jobs.{name}").main()
        sys.stdout.write(json.dumps({"job": name, "job_id": job_id}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
