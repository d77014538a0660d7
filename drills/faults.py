"""What breaks: processes killed or frozen, by process id, while the load goes on."""

import signal
import time
from collections.abc import Callable

import psutil

from drills.scene import Scene
from errors import CannotRun
from settings import Stack, read
from stack.processes import Service, wait_until

TASKMANAGER = "taskmanager-1"
FROZEN_S = 20.0
BACK_S = 60.0


def kill(*names: str) -> Callable[[Scene], None]:
    """Kill services of the stack together; the supervisor starts them again."""

    def fault(scene: Scene) -> None:
        processes = [_process(name) for name in names]
        scene.harm()
        for process in processes:
            process.kill()

    return fault


def kill_taskmanager_thrice(scene: Scene) -> None:
    """Each time once the coupons flow again."""
    for _ in range(3):
        kill_taskmanagers(scene, TASKMANAGER)


def kill_taskmanagers(scene: Scene, *names: str) -> None:
    """Kill them together; return when there is another of each, and coupons flow again."""
    killed = {name: _process(name).pid for name in names}
    kill(*names)(scene)
    for name, pid in killed.items():
        wait_until(f"a new {name}", lambda name=name, pid=pid: _pid(name) not in (None, pid), BACK_S)  # type: ignore[misc]
    scene.wait_for_coupons()


def freeze_broker(scene: Scene) -> None:
    broker = _process("broker")
    scene.harm()
    broker.send_signal(signal.SIGSTOP)
    try:
        time.sleep(FROZEN_S)
    finally:
        broker.send_signal(signal.SIGCONT)


def kill_publisher(scene: Scene) -> None:
    """Each time with events in hand; the next process finds the spool of the one before."""
    for _ in range(2):
        scene.restart_shop()
        scene.wait_for_coupons()


def kill_subscriber(scene: Scene) -> None:
    for _ in range(5):
        scene.wait_for_coupons()
        scene.restart_subscriber()


def _process(name: str) -> psutil.Process:
    process = Service(name, read(Stack).folder).process()
    if process is None:
        raise CannotRun(f"drill: {name} does not run, so it cannot be killed; its log is in {read(Stack).folder}/log")
    return process


def _pid(name: str) -> int | None:
    process = Service(name, read(Stack).folder).process()
    return process.pid if process else None
