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
from pathlib import Path

from errors import CannotRun, SettingsError
from jobs import kept_state
from settings import Flink, Stack, read
from settings.reader import ROOT
from stack import cluster, machine
from stack.flink_rest import FlinkRest

WITH_PYTHON = ("coupons", "coupons_vip")
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
    check_names(names)
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


def environment(stack: Stack) -> dict[str, str]:
    """What `submit` needs for the cluster of this checkout's settings."""
    return {**cluster.client_environment(stack), **machine.environment()}


def submit_and_check(
    names: Sequence[str], say: Callable[[str], None] = lambda _: None, resume: bool = False
) -> list[Submitted]:
    """Submit to the cluster of this checkout's settings; return when every task runs, Python in thread mode.

    With `resume` each goes on from its newest checkpoint; otherwise it starts where its subscription stands, and
    remembers nothing.

    Raises CannotRun for a job that is running already, that does not come up, or whose Python runs elsewhere.
    """
    check_names(names)
    stack = read(Stack)
    with FlinkRest(read(Flink).rest_url) as rest:
        for name in names:
            if any(job["job"] == name and job["state"] in ALIVE for job in rest.jobs()):
                raise CannotRun(f"submit: {name} runs already; hongbao jobs --cancel {name} stops it")
        submitted = _submit(stack, names, resume, say)
        for job in submitted:
            wait_until_running(rest, job)
            if job.job in WITH_PYTHON and not rest.embeds_python(job.job_id):
                raise CannotRun(
                    f"submit: {job.job} runs, but its Python is not in the TaskManager (thread mode); "
                    "a coupon would take seconds. Is python.execution-mode overridden on the cluster?"
                )
    return submitted


def _submit(stack: Stack, names: Sequence[str], resume: bool, say: Callable[[str], None]) -> list[Submitted]:
    if not resume:
        say(f"submitting {', '.join(names)}")
        for name in names:
            kept = kept_state.newest(stack, name)
            if kept is not None:
                say(f"{name} starts without its state; with --resume it goes on from {kept.sentence}")
        submitted = submit(names, environment(stack))
    else:
        submitted = []
        for name, kept in [(name, kept_state.require(stack, name)) for name in names]:
            say(f"submitting {name} from {kept.sentence}")
            submitted += submit([name], {**environment(stack), "HONGBAO_RESUME_FROM": kept.path.as_uri()})
    for job in submitted:
        kept_state.remember(stack, job.job, job.job_id)
    return submitted


def known() -> list[str]:
    """Every job: a module of this folder that has a `main`, yours too; this one is none."""
    files = (path for path in Path(__file__).parent.glob("*.py") if path != Path(__file__))
    return sorted(path.stem for path in files if "\ndef main() -> str:" in path.read_text(encoding="utf-8"))


def check_names(names: Sequence[str]) -> None:
    for name in names:
        if name not in known():
            raise SettingsError(f"submit: no job {name!r}; there are {', '.join(known())}")


def wait_until_running(rest: FlinkRest, job: Submitted) -> None:
    """Return when every task runs; raises CannotRun for a job that failed for good or takes 90 s."""
    deadline = time.monotonic() + START_S
    while not rest.running(job.job_id):
        failed = rest.state(job.job_id) == "FAILED"
        if failed or time.monotonic() > deadline:
            when = "failed" if failed else f"does not run after {START_S:.0f} s"
            raise CannotRun(f"submit: {job.job} {when}: {rest.failure(job.job_id) or 'no slot?'}")
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
