"""Start a process that outlives the command, and end it later: by its pid file, and only if it is ours."""

import fcntl
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from errors import CannotRun, Prerequisite

TERM_S = 20.0
COMPILER_NICENESS = 10
# The clock may be corrected by a second between two looks at it.
SAME_START_S = 2.0


@dataclass(frozen=True)
class Service:
    """A process with a name, a pid file and a log in the stack's folder."""

    name: str
    folder: Path

    @property
    def log(self) -> Path:
        return self.folder / "log" / f"{self.name}.log"

    @property
    def _pid_file(self) -> Path:
        return self.folder / "run" / f"{self.name}.json"

    def start(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        """Start in a process group of its own, so that Ctrl-C in the terminal does not reach it.

        Not in a session of its own: Linux gives each session an equal share of the cores, and the niceness of a
        thread counts only against threads of its session (sched_autogroup).
        """
        for folder in (self.log.parent, self._pid_file.parent, temporary(self.folder)):
            folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={**os.environ, "TMPDIR": str(temporary(self.folder)), **(environment or {})},
                process_group=0,
            )
        # The start tells our process from a later one that was given the same pid.
        record = {
            "pid": child.pid,
            "boot": _boot(),
            "started_s": _started_s(psutil.Process(child.pid)),
            # How to start it again.
            "command": list(command),
            "environment": dict(environment or {}),
        }
        # Renamed into place: a reader never sees half of it.
        part = self._pid_file.with_suffix(".part")
        # The environment may hold a token.
        part.touch(0o600)
        part.write_text(json.dumps(record), encoding="utf-8")
        part.replace(self._pid_file)

    def start_again(self) -> None:
        """Start with the command and environment of the last time; raises FileNotFoundError where it was stopped."""
        record = json.loads(self._pid_file.read_text(encoding="utf-8"))
        self.start(record["command"], record["environment"])

    def process(self) -> psutil.Process | None:
        """Our process if it lives, else None."""
        try:
            record = json.loads(self._pid_file.read_text(encoding="utf-8"))
            found = psutil.Process(record["pid"])
            ours = record["boot"] == _boot() and abs(_started_s(found) - record["started_s"]) < SAME_START_S
            alive = found.status() != psutil.STATUS_ZOMBIE
        except (FileNotFoundError, ValueError, KeyError, psutil.NoSuchProcess):
            return None
        return found if ours and alive else None

    def stop(self, alone: bool = False, at_once: bool = False) -> bool:
        """End our process, firmly after 20 s or `at_once`; whether there was one. Forgets the pid file either way.

        What it started ends with it, unless `alone`.
        """
        process = self.process()
        if process is not None:
            left = [process, *([] if alone else process.children(recursive=True))]
            if not at_once:
                for member in left:
                    _signal(member, signal.SIGTERM)
                _, left = psutil.wait_procs(left, timeout=TERM_S)
            for member in left:
                _signal(member, signal.SIGKILL)
            psutil.wait_procs(left, timeout=TERM_S)
        self._pid_file.unlink(missing_ok=True)
        return process is not None

    def lower_compiler(self) -> None:
        """Let the work go first where it and the JVM's optimizing compiler want the same cores.

        For half a minute after a burst begins C2 took a quarter of the TaskManager's time; later is soon enough.
        """
        process = self.process()
        for thread in process.threads() if process else []:
            try:
                name = Path(f"/proc/{thread.id}/comm").read_text(encoding="utf-8")
                if name.startswith("C2 Compiler"):
                    os.setpriority(os.PRIO_PROCESS, thread.id, COMPILER_NICENESS)
            except OSError:
                pass  # it ended, or this is not Linux

    def check_alive(self) -> None:
        """Raises CannotRun with the last line of the log when the process has died."""
        if self.process() is None:
            raise CannotRun(f"{self.name}: the process ended while starting; {self.log} says: {self.last_line()}")

    def last_line(self) -> str:
        """The end of its log that is no stack trace."""
        if not self.log.exists():
            return "no output"
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - 100_000))
            lines = log.read().decode("utf-8", errors="replace").splitlines()
        last = next((line for line in reversed(lines) if line.strip() and not line.startswith("\tat")), "no output")
        return last.strip()[:300]


def _boot() -> str:
    """Which run of the machine this is."""
    told = Path("/proc/sys/kernel/random/boot_id")
    return told.read_text(encoding="ascii").strip() if told.exists() else ""


def _started_s(process: psutil.Process) -> float:
    """Seconds from the machine's start to the process's: both are told by the clock of now, which may be set."""
    return float(process.create_time() - psutil.boot_time())


def temporary(folder: Path) -> Path:
    """Where what runs in a stack's folder has its temporary files: what is killed leaves them behind."""
    return folder / "tmp"


@contextmanager
def exclusive(folder: Path, wait: bool = True) -> Iterator[bool]:
    """Hold the right to start and stop the services in `folder`; gives whether it is held, False without waiting."""
    (folder / "run").mkdir(parents=True, exist_ok=True)
    with (folder / "run" / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True


def _signal(process: psutil.Process, number: int) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        pass


def check_port_free(host: str, port: int, setting: str) -> None:
    """Raises Prerequisite naming who listens on the port, and the setting that moves ours elsewhere."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            raise Prerequisite(
                f"port {port} is in use by {_listener(port)}; stop it, or set {setting} to another port"
            ) from None


def _listener(port: int) -> str:
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
    except psutil.Error:
        pass
    return "another process"


def wait_until(what: str, ready: Callable[[], bool], bound_s: float, services: Sequence[Service] = ()) -> None:
    """Poll until `ready` is true; raises CannotRun when a service dies meanwhile or the bound passes."""
    deadline = time.monotonic() + bound_s
    while not ready():
        for service in services:
            service.check_alive()
        if time.monotonic() > deadline:
            logs = ", ".join(str(service.log) for service in services)
            raise CannotRun(f"{what}: not ready after {bound_s:.0f} s; see {logs}")
        time.sleep(0.1)
