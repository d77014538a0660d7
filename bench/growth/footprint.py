"""What a running job takes: its state as checkpointed, and the memory of the TaskManagers it runs in."""

import subprocess
import time
from collections.abc import Iterable
from typing import Any

from errors import CannotRun
from settings import Flink, Stack, read
from stack import cluster
from stack.flink_rest import METRICS_FETCHED_S, FlinkRest

HEAP_USED = "Status.JVM.Memory.Heap.Used"
# Serial and Parallel leave up to a twentieth of the heap where it lies, dead, in all but every fourth full collection
# (MarkSweepDeadRatio, MarkSweepAlwaysCompactCount).
COLLECTIONS = 4


def checkpoint(rest: FlinkRest, job_id: str) -> dict[str, float]:
    """The newest completed checkpoint: `state_bytes`, all of it, and how many milliseconds it took, end to end."""
    newest = rest.call("GET", f"/jobs/{job_id}/checkpoints")["latest"]["completed"]
    if newest is None:
        raise CannotRun(f"bench: {job_id} has no completed checkpoint")
    return {"state_bytes": float(newest["state_size"]), "checkpoint_ms": float(newest["end_to_end_duration"])}


def memory() -> dict[str, float]:
    """Bytes over all TaskManagers: `heap_bytes` that a full collection leaves, and what is resident."""
    running = [service.process() for service in cluster.taskmanagers(read(Stack))]
    processes = [process for process in running if process is not None]
    for process in processes:
        for _ in range(COLLECTIONS):
            _collect(process.pid)
    with FlinkRest(read(Flink).rest_url) as rest:
        heap_bytes = sum(_heap_bytes(rest))
    return {"heap_bytes": heap_bytes, "resident_bytes": float(sum(one.memory_info().rss for one in processes))}


def _collect(pid: int) -> None:
    """Have the JVM collect everything now; raises CannotRun without a JDK's jcmd."""
    done = subprocess.run(["jcmd", str(pid), "GC.run"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CannotRun(f"bench: jcmd {pid} GC.run failed: {(done.stderr or done.stdout).strip()[:300]}")


def _heap_bytes(rest: FlinkRest) -> Iterable[float]:
    ids = [manager["id"] for manager in rest.call("GET", "/taskmanagers")["taskmanagers"]]
    paths = [f"/taskmanagers/{one}/metrics?get={HEAP_USED}" for one in ids]
    for path in paths:
        rest.call("GET", path)
    # Flink fetches metrics when it is asked for them, and answers with those of the question before.
    time.sleep(METRICS_FETCHED_S)
    for path in paths:
        found: list[dict[str, Any]] = rest.call("GET", path)
        yield float(found[0]["value"])
