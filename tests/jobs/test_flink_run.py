"""Flink's own command submits a job too."""

import os
import subprocess
import sys

import pytest

from settings import Flink, Pulsar, Stack, read
from settings.reader import ROOT
from stack import cluster, machine
from stack.flink_rest import FlinkRest
from tests.waiting import eventually


@pytest.mark.stack
def test_plain_flink_run_submits_a_job(broker: Pulsar) -> None:
    environment = {**os.environ, **machine.environment(), **cluster.client_environment(read(Stack))}
    flink = f"{environment['FLINK_HOME']}/bin/flink"
    done = subprocess.run(
        [flink, "run", "--detached", "-pyclientexec", sys.executable, "-pyfs", str(ROOT), "-pym", "jobs.landing"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    with FlinkRest(read(Flink).rest_url) as rest:
        job_id = rest.running_id("landing")
        eventually(lambda: rest.running(job_id), True)
        rest.cancel(job_id)
        eventually(lambda: next(job["state"] for job in rest.jobs() if job["job_id"] == job_id), "CANCELED")
