"""Submit jobs to the cluster and check what was deployed: python -m jobs.submit NAME…

One process submits any number of jobs, so that the JVM behind PyFlink starts once.
Prints one JSON object a job: job, job_id.
"""

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from errors import CannotRun, SettingsError
from settings.reader import ROOT

JOBS = ("coupons", "landing", "conversion")


@dataclass(frozen=True)
class Submitted:
    """A job as the cluster knows it."""

    job: str
    job_id: str


def submit(names: Sequence[str], environment: dict[str, str]) -> list[Submitted]:
    """Submit jobs in order; `environment` names the cluster's folders (stack.cluster.client_environment).

    Raises SettingsError for an unknown name, CannotRun with the cause where Flink refuses the job.
    """
    for name in names:
        if name not in JOBS:
            raise SettingsError(f"submit: no job {name!r}; there are {', '.join(JOBS)}")
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


def _cause(trace: str) -> str:
    """The innermost reason in a Java or Python trace: its last `Caused by`, else its last line."""
    lines = [line.strip() for line in trace.splitlines() if line.strip() and not line.startswith("\tat ")]
    causes = [line.removeprefix("Caused by: ") for line in lines if line.startswith("Caused by: ")]
    return (causes or lines or ["no reason was printed"])[-1]


def main() -> None:
    for name in sys.argv[1:]:
        job_id = importlib.import_module(f"jobs.{name}").main()
        print(json.dumps({"job": name, "job_id": job_id}), flush=True)


if __name__ == "__main__":
    main()
