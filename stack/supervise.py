"""Keep the stack in a folder up until SIGTERM: python -m stack.supervise FOLDER."""

import os
import signal
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from settings import Flink, Pulsar, Stack, read
from stack.health import health
from stack.processes import Service
from stack.supervisor import NAME, Supervisor, watched

POLL_S = 0.25


def watch(folder: Path) -> None:
    """Look until SIGTERM, or until the folder has another supervisor or none."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _signal, _frame: stopping.set())
    names = [service.name for service in watched(folder)]
    found = health(read(Stack), read(Pulsar), read(Flink), names)
    found.begin()
    supervisor = Supervisor(folder, _say, found)
    while not stopping.wait(POLL_S):
        ours = Service(NAME, folder).process()
        if ours is None or ours.pid != os.getpid():
            return
        _reap()
        try:
            supervisor.look(time.monotonic())
        except OSError as error:
            # Such as a full disk or no memory for another process: it may pass.
            _say(f"could not look: {error}")


def _reap() -> None:
    """Take note of dead children: until then they are zombies, and their pids are taken."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _say(what: str) -> None:
    sys.stdout.write(f"{datetime.now(UTC).isoformat(timespec='milliseconds')} {what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    watch(Path(sys.argv[1]))
