"""Measure growth: users in state, TaskManagers, partitions, time."""

import os
from collections.abc import Callable
from typing import Any

from bench.growth import drains, soak
from bench.growth.plan import Plan
from bench.growth.trend import line

Say = Callable[[str], None]
SIZES = ("state_bytes", "heap_bytes")


def run(plan: Plan, repeats: int, seconds: float, say: Say = lambda _: None) -> dict[str, Any]:
    """What each of the plan's series gives; `seconds` of live latency at each number of users.

    TaskManagers and partitions are varied at the middle number of users, with the coupons job alone: it is the one with
    Python in it, and the one that a shopper waits for.
    """
    load = os.getloadavg()[0]
    users = {str(count): drains.measured(count, repeats, say, live_seconds=seconds) for count in plan.users}
    return {
        "repeats": repeats,
        "live_seconds": seconds,
        "load_before": round(load, 1),
        "users": users,
        "bytes_per_user": bytes_per_user(users),
        "usual_users": plan.usual_users,
        "taskmanagers": {
            str(count): drains.measured(plan.usual_users, repeats, say, ("coupons",), taskmanagers(count))
            for count in plan.taskmanagers
        },
        "partitions": {
            str(count): drains.measured(plan.usual_users, repeats, say, ("coupons",), partitions(count))
            for count in plan.partitions
        },
        **({"soak": soak.run(plan.soak_minutes, say)} if plan.soak_minutes else {}),
    }


def taskmanagers(count: int) -> dict[str, str]:
    """So many of two slots, and a job that fills them: Python has one lock a TaskManager."""
    return {
        "HONGBAO_STACK_TASKMANAGERS": str(count),
        "HONGBAO_STACK_SLOTS": "2",
        "HONGBAO_COUPONS_PARALLELISM": str(2 * count),
        "HONGBAO_PULSAR_CLICK_PARTITIONS": str(max(4, 2 * count)),
    }


def partitions(count: int) -> dict[str, str]:
    return {"HONGBAO_PULSAR_CLICK_PARTITIONS": str(count)}


def bytes_per_user(users: dict[str, Any]) -> dict[str, dict[str, float]]:
    """By job, the slope of checkpointed state and of the heap over users who have state; empty for a single size."""
    if len({found["users"] for found in users.values()}) < 2:
        return {}
    counts = [float(found["users"]) for found in users.values()]
    return {
        job: {
            size: round(line(counts, [found["jobs"][job][size] for found in users.values()]).slope, 1) for size in SIZES
        }
        for job in drains.JOBS
    }
