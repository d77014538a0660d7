"""What Flink and the operating system say is kept under our names."""

import time
from pathlib import Path
from typing import Any

import psutil

from rehearsal import machine
from rehearsal.sampler import checkpoints, clicks, heap, vertex

# As Flink 1.20 answers.
VERTEX = {
    "name": "Source: clicks-source",
    "parallelism": 2,
    "metrics": {
        "read-records": 0,
        "write-records": 10_387,
        "accumulated-backpressured-time": 0,
        "accumulated-idle-time": 166_606,
        "accumulated-busy-time": 28_537.0,
    },
}


def test_a_job_is_counted_on_the_topics_that_it_reads() -> None:
    def stats(events: int, *readers: str) -> dict[str, Any]:
        counted = {"msgOutCounter": events - 10, "msgBacklog": 7}
        return {
            "msgInCounter": events,
            "bytesInCounter": events * 100,
            "subscriptions": dict.fromkeys(readers, counted),
        }

    found = clicks(
        [stats(900, "coupons", "landing"), stats(100, "coupons_vip", "landing")], ("coupons", "coupons_vip", "landing")
    )
    assert found == {
        "in": 1_000,
        "bytes_in": 100_000,
        "offered": {"coupons": 900, "coupons_vip": 100, "landing": 1_000},
        "out": {"coupons": 890, "coupons_vip": 90, "landing": 980},
        "backlog": {"coupons": 7, "coupons_vip": 7, "landing": 14},
    }


def test_a_vertex_has_its_time_in_seconds() -> None:
    assert vertex(VERTEX) == {
        "name": "Source: clicks-source",
        "slots": 2,
        "in": 0,
        "out": 10_387,
        "busy_s": 28.537,
        "idle_s": 166.606,
        "blocked_s": 0.0,
    }


def test_a_task_that_has_not_told_yet_was_not_busy() -> None:
    assert vertex({**VERTEX, "metrics": {**VERTEX["metrics"], "accumulated-busy-time": "NaN"}})["busy_s"] == 0  # type: ignore[dict-item]


def test_only_completed_checkpoints_are_kept() -> None:
    done = {"id": 3, "status": "COMPLETED", "trigger_timestamp": 5, "end_to_end_duration": 983, "state_size": 1_290_363}
    history = [{**done, "id": 4, "status": "IN_PROGRESS"}, done, {**done, "id": 2, "status": "FAILED"}]
    assert list(checkpoints(history)) == [{"number": 3, "begun_ms": 5, "ms": 983, "bytes": 1_290_363}]


def test_a_heap_is_told_in_megabytes() -> None:
    told = [
        {"id": "Status.JVM.GarbageCollector.All.Time", "value": "8751"},
        {"id": "Status.JVM.Memory.Heap.Used", "value": "97278512"},
        {"id": "Status.JVM.Memory.Heap.Max", "value": "1962934272"},
    ]
    assert heap(told) == {"gc_s": 8.751, "used_mb": 97.279, "most_mb": 1_962.934}


def test_cores_are_counted_for_a_process_and_for_the_machine(tmp_path: Path) -> None:
    disk = machine.disk_of(tmp_path)
    us = {"us": psutil.Process()}
    process, whole = machine.processes(us)["us"], machine.machine(disk)
    until_s = time.process_time() + 0.2
    while time.process_time() < until_s:
        pass
    used_s = machine.processes(us)["us"]["cpu_s"] - process["cpu_s"]
    assert 0.15 <= used_s < 1
    assert machine.machine(disk)["busy_s"] - whole["busy_s"] >= 0.15


def test_a_process_that_ended_is_left_out() -> None:
    ended = psutil.Popen(["true"])
    ended.wait()
    assert machine.processes({"ended": ended}) == {}
