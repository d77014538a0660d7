"""Read what processes and the machine have used so far, from the operating system."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

MB = 1_000_000


def cores() -> int:
    """Those that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processes(running: Mapping[str, psutil.Process]) -> dict[str, dict[str, float]]:
    """Of each that lives: `cpu_s`, the core seconds it has used since it began, and `rss_mb`, its memory."""
    found = {}
    for name, process in running.items():
        try:
            with process.oneshot():
                times, memory = process.cpu_times(), process.memory_info()
        except psutil.Error:
            continue
        found[name] = {"cpu_s": round(times.user + times.system, 3), "rss_mb": round(memory.rss / MB, 1)}
    return found


def machine(disk: str | None) -> dict[str, Any]:
    """`busy_s`, core seconds of everybody; `available_mb`; `disk_busy_s` of that disk, None where it is not known."""
    times = psutil.cpu_times()
    idle_s = times.idle + getattr(times, "iowait", 0.0)
    # Linux counts a guest's time in the user's as well.
    twice_s = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)
    counters = psutil.disk_io_counters(perdisk=True) if disk else {}
    found = counters.get(disk) if disk else None
    busy_ms = getattr(found, "busy_time", None)
    return {
        "cores": cores(),
        "busy_s": round(sum(times) - idle_s - twice_s, 3),
        "available_mb": round(psutil.virtual_memory().available / MB, 1),
        "disk_busy_s": None if busy_ms is None else busy_ms / 1000,
    }


def disk_of(folder: Path) -> str | None:
    """The block device that the folder lies on, as the kernel counts it; None in a container that does not show it."""
    device = folder.stat().st_dev
    block = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}")
    return block.resolve().name if block.exists() else None
