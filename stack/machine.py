"""Start everything, stop everything, say what runs. Each can be repeated, and mends what an interruption left."""

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from settings import Flink, Pulsar, Stack, Warehouse, read
from stack import broker, cluster, ended_jobs, java, supervisor, topics, watcher, zookeeper
from stack.flink_rest import FlinkRest
from stack.processes import Service, exclusive, temporary
from stack.pulsar_admin import PulsarAdmin
from stack.supervisor import Restarts


@dataclass(frozen=True)
class Status:
    """What runs on this machine; `pids` by service, None where it is down."""

    pids: dict[str, int | None]
    broker_healthy: bool
    slots: int
    jobs: list[dict[str, Any]]
    # By service, since `up`.
    restarts: dict[str, Restarts]

    @property
    def up(self) -> bool:
        loops = any(restarts.in_a_loop for restarts in self.restarts.values())
        return self.broker_healthy and all(self.pids.values()) and not loops


def up(progress: Callable[[str], None] = lambda _: None, flink: bool = True) -> None:
    """Start broker and cluster side by side, make the topics, keep it all up; what runs already is left alone.

    Jobs that ran when the stack went down run again, from their newest checkpoints. Without `flink` it is the broker
    alone, which nobody starts again when it dies.

    Raises Prerequisite for another Java, a port in use or a missing jar, CannotRun when a process dies or does not
    come up.
    """
    stack, pulsar, jobs_run_on = read(Stack), read(Pulsar), read(Flink)
    java.check()
    progress("starting Pulsar and Flink" if flink else "starting Pulsar")
    with exclusive(stack.folder):
        broker.start(stack, pulsar)
        if flink:
            zookeeper.start(stack, jobs_run_on)
            cluster.start(stack, jobs_run_on, environment())
    # In parallel: each is half a minute of one core where the other waits.
    with ThreadPoolExecutor(2) as both:
        flink_ready = both.submit(cluster.wait, stack, jobs_run_on) if flink else None
        broker.wait(stack, pulsar)
        progress("making topics")
        topics.create(pulsar)
        if flink_ready is not None:
            flink_ready.result()
    for service in services(stack):
        service.lower_compiler()
    if flink:
        with exclusive(stack.folder):
            watcher.start(stack)
            supervisor.start(stack)
    progress("up")


def down(at_once: bool = False) -> list[str]:
    """Stop what `up` started, by pid; the names of what ran. `at_once` kills, for a stack that nobody starts again."""
    stack = read(Stack)
    # Held until the end: nothing is started again meanwhile.
    with exclusive(stack.folder):
        supervisor.stop(stack)
        # Side by side, for each takes seconds. A job that loses its broker first goes on from its checkpoint, as after
        # any other death of the broker. The JobManager cannot end without ZooKeeper.
        first = [service for service in supervisor.watched(stack.folder) if service != zookeeper.service(stack)]
        with ThreadPoolExecutor(max(1, len(first))) as together:
            ran = list(together.map(lambda service: service.stop(at_once=at_once), first))
        zookeeper.service(stack).stop(at_once=at_once)
        shutil.rmtree(temporary(stack.folder), ignore_errors=True)
    return [service.name for service, stopped in zip(first, ran, strict=True) if stopped]


def status() -> Status:
    """Ask processes, broker and cluster; never raises because one is down."""
    stack, pulsar, flink = read(Stack), read(Pulsar), read(Flink)
    processes = {service.name: service.process() for service in (*services(stack), supervisor.service(stack))}
    with PulsarAdmin(pulsar.admin_url) as admin, FlinkRest(flink.rest_url) as rest:
        slots = rest.slots()
        jobs = rest.jobs_with_reasons() if slots else []
        return Status(
            pids={name: process.pid if process else None for name, process in processes.items()},
            broker_healthy=admin.healthy(),
            slots=slots,
            jobs=[*jobs, *ended_jobs.failures(stack.folder / "flink", jobs)],
            restarts=supervisor.restarts(stack.folder),
        )


def services(stack: Stack) -> list[Service]:
    """Those that `up` starts here, running or not."""
    return [
        Service("broker", stack.folder),
        zookeeper.service(stack),
        cluster.jobmanager(stack),
        *cluster.taskmanagers(stack),
        *watcher.services(stack),
    ]


def environment() -> dict[str, str]:
    """The settings in force as HONGBAO_* variables, so that every process started from here has the same."""
    found: dict[str, str] = {}
    for section in (Stack, Pulsar, Flink, Warehouse):
        for key, value in read(section).model_dump(mode="json").items():
            found[f"HONGBAO_{section.SECTION.upper()}_{key.upper()}"] = str(value)
    return found
