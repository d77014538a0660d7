"""Rescale a running job through Flink's REST: a checkpoint first, then its vertices' resource requirements.

The adaptive scheduler restarts the job's tasks from its newest checkpoint, with other numbers of subtasks. What it
served since then it serves again, so the checkpoint comes right before.
"""

import json
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from errors import CannotRun, ProblemFound
from stack.flink_rest import FlinkRest

# A checkpoint takes a second, a rescale four, each on an idle machine.
CHECKPOINT_S = 60.0
RESCALE_S = 120.0
ASK_S = 0.05


@dataclass(frozen=True)
class Rescaled:
    """`downtime_s` is from the order, which stops the tasks at once, to the moment in which all of them ran.

    `again_s` is from the checkpoint that they went back to until then: so many seconds' events came again.
    """

    job_id: str
    slots: int
    downtime_s: float
    again_s: float


def require_adaptive(rest: FlinkRest) -> None:
    """Raise CannotRun where the cluster's scheduler cannot rescale a running job."""
    config = {one["key"]: one["value"] for one in rest.call("GET", "/jobmanager/config")}
    found = config.get("jobmanager.scheduler", "default").lower()
    if found != "adaptive":
        raise CannotRun(
            f"autoscale: the cluster's scheduler is {found}, which cannot rescale a running job; set scheduler = "
            '"adaptive" in [stack], then hongbao down && hongbao up: the jobs go on from their checkpoints'
        )


def slots_of(rest: FlinkRest, job_id: str) -> int:
    """How many slots the job has: its widest vertex's subtasks, for all vertices share their slots."""
    return _widest(rest.call("GET", f"/jobs/{job_id}"))


def free_slots(rest: FlinkRest) -> int:
    return int(rest.call("GET", "/overview")["slots-available"])


def rescale(rest: FlinkRest, job_id: str, slots: int, folder: Path) -> Rescaled:
    """Give the job so many slots, and return when all its tasks run on them; `folder` as in `single`.

    Raises CannotRun where it may not be rescaled, ProblemFound where it takes longer than RESCALE_S.
    """
    wanted = requirements(
        rest.call("GET", f"/jobs/{job_id}/resource-requirements"), single(rest, job_id, folder), slots
    )
    saved_s = _checkpoint(rest, job_id)
    stopped_s = time.time()
    rest.call("PUT", f"/jobs/{job_id}/resource-requirements", wanted)
    deadline = time.monotonic() + RESCALE_S
    while not _runs_on(job := rest.call("GET", f"/jobs/{job_id}"), slots):
        if time.monotonic() > deadline:
            raise ProblemFound(
                f"autoscale: {job['name']} does not run on {slots} slots after {RESCALE_S:.0f} s "
                f"({rest.failure(job_id) or 'no failure is known'}); hongbao jobs shows what it does"
            )
        time.sleep(ASK_S)
    running_s = _running_since_s(rest, job)
    return Rescaled(job_id, slots, round(running_s - stopped_s, 2), round(stopped_s - saved_s, 2))


def _runs_on(job: Mapping[str, Any], slots: int) -> bool:
    return (
        job["state"] == "RUNNING"
        and all(one["status"] == "RUNNING" for one in job["vertices"])
        and _widest(job) == slots
    )


def _running_since_s(rest: FlinkRest, job: Mapping[str, Any]) -> float:
    """When the last task began to run, by the JobManager's clock: what REST says of a job is up to 3 s old."""
    times = [
        float(subtask["timestamps"]["RUNNING"])
        for vertex in job["vertices"]
        for subtask in rest.call("GET", f"/jobs/{job['jid']}/vertices/{vertex['id']}/subtasktimes")["subtasks"]
    ]
    return max(times) / 1000


def requirements(current: Mapping[str, Any], alone: Collection[str], slots: int) -> dict[str, Any]:
    """What to ask Flink for: `slots` for each vertex, 1 for those that must stay alone.

    The lower bound stays 1: with a TaskManager gone the job goes on with what is left.
    """
    return {
        vertex: {"parallelism": {"lowerBound": 1, "upperBound": 1 if vertex in alone else slots}} for vertex in current
    }


def single(rest: FlinkRest, job_id: str, folder: Path) -> set[str]:
    """The job's vertices that must stay alone: those that were submitted so, such as the one that counts budgets.

    On one slot every vertex looks like that, so they are remembered in `folder` before the first rescale. Raises
    CannotRun for a job that was submitted on one slot, or whose file is gone.
    """
    kept = folder / f"{job_id}.vertices.json"
    if kept.exists():
        return set(json.loads(kept.read_text(encoding="utf-8")))
    current = rest.call("GET", f"/jobs/{job_id}/resource-requirements")
    upper = {vertex: int(bounds["parallelism"]["upperBound"]) for vertex, bounds in current.items()}
    if max(upper.values()) == 1:
        raise CannotRun(
            f"{job_id} has one slot and nobody remembers which of its parts must stay alone ({kept} would say); submit "
            "it with a parallelism of 2 or more: autoscale takes away what is not needed"
        )
    alone = {vertex for vertex, most in upper.items() if most == 1}
    folder.mkdir(parents=True, exist_ok=True)
    new = kept.with_suffix(".new")
    new.write_text(json.dumps(sorted(alone)), encoding="utf-8")
    new.replace(kept)
    return alone


def _widest(job: Mapping[str, Any]) -> int:
    return max(int(vertex["parallelism"]) for vertex in job["vertices"])


def _checkpoint(rest: FlinkRest, job_id: str) -> float:
    """Have a checkpoint taken; the moment it began, in seconds since 1970."""
    began_s = time.time()
    asked = rest.call("POST", f"/jobs/{job_id}/checkpoints", {"checkpointType": "CONFIGURED"})["request-id"]
    deadline = time.monotonic() + CHECKPOINT_S
    while (answer := rest.call("GET", f"/jobs/{job_id}/checkpoints/{asked}"))["status"]["id"] != "COMPLETED":
        if time.monotonic() > deadline:
            raise ProblemFound(f"autoscale: {job_id} completes no checkpoint within {CHECKPOINT_S:.0f} s; not rescaled")
        time.sleep(ASK_S)
    if "failure-cause" in answer["operation"]:
        cause = str(answer["operation"]["failure-cause"].get("stack-trace", "no cause")).splitlines()[0]
        raise ProblemFound(f"autoscale: {job_id} is not rescaled, for its checkpoint failed: {cause}")
    return began_s
