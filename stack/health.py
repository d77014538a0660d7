"""Tell a process that hangs from one that works or is slow: ask it again and again, and count how long nothing comes.

An answer is any answer: one that says "not now" is of a process that lives, and to start it again would help nobody.
"""

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx
import psutil

from settings import Flink, Pulsar, Stack
from stack import zookeeper
from stack.tls import trusted

ASK_EVERY_S = 1.0
# One that has not answered since it started may be starting still: 15 s alone, 60 with other stacks on the same cores.
START_BOUNDS = 4
# The supervisor looks four times a second. After such a gap it was the machine, or we, that stood still.
STALLED_S = 3.0
# Pulsar's CONNECT of a client named `health`, in the frame of its binary protocol; the broker says CONNECTED.
CONNECT = bytes.fromhex("00000012 0000000e 0802 120a 0a06") + b"health" + bytes.fromhex("2000")

# Whether it answered; None where that cannot be told, because whom we would ask is away.
Ask = Callable[[psutil.Process, float], bool | None]


@dataclass
class _Known:
    """What is known of one process; times are monotonic seconds."""

    pid: int
    since_s: float
    answered: bool = False


@dataclass
class Health:
    """`silent` says which processes hang; `begin` starts the asking, a thread a name in `asks`."""

    asks: dict[str, Ask]
    bound_s: float
    _known: dict[str, _Known] = field(default_factory=dict)
    _processes: dict[str, psutil.Process] = field(default_factory=dict)
    _looked_s: float | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self) -> None:
        for name in self.asks:
            threading.Thread(target=self._ask_on, args=(name,), name=f"asks {name}", daemon=True).start()

    def hangs(self, name: str, process: psutil.Process, now_s: float) -> bool:
        """Whether the process has not answered for longer than it may; to be asked at every look."""
        if name not in self.asks:
            return False
        with self._lock:
            known = self._known.get(name)
            if known is None or known.pid != process.pid:
                known = self._known[name] = _Known(process.pid, now_s)
                self._processes[name] = process
            return now_s - known.since_s > self.bound_s * (1 if known.answered else START_BOUNDS)

    def look(self, now_s: float) -> None:
        """Begin a round; after a stall of our own every clock starts again."""
        with self._lock:
            if self._looked_s is not None and now_s - self._looked_s > STALLED_S:
                for known in self._known.values():
                    known.since_s = now_s
            self._looked_s = now_s

    def heard(self, name: str, pid: int, answered: bool | None, now_s: float) -> None:
        """Note what became of a question. Where it could not be put, the process has a start's time to turn up."""
        with self._lock:
            known = self._known.get(name)
            if known is not None and known.pid == pid and answered is not False:
                known.since_s, known.answered = now_s, bool(answered)

    def _ask_on(self, name: str) -> None:
        while True:
            with self._lock:
                process = self._processes.get(name)
            if process is not None:
                self.heard(name, process.pid, self._asked(name, process), time.monotonic())
            time.sleep(ASK_EVERY_S)

    def _asked(self, name: str, process: psutil.Process) -> bool | None:
        try:
            return self.asks[name](process, self.bound_s / 3)
        except Exception:  # an answer that we cannot read is our fault, and nobody shall die of it
            return None


def health(stack: Stack, pulsar: Pulsar, flink: Flink, names: list[str]) -> Health:
    """The health of a stack's processes of these names, by the settings in force."""
    broker = urlsplit(pulsar.service_url)
    broker_address = (str(broker.hostname), stack.broker_port or broker.port or 0)
    host, _, port = zookeeper.address(stack, flink).partition(":")

    def broker_answers(_process: psutil.Process, within_s: float) -> bool:
        # It has two fronts, and either can hang.
        ready = _http(f"{pulsar.admin_url}/admin/v2/brokers/ready", within_s) is not None
        return ready and _talks(broker_address, CONNECT, within_s)

    asks: dict[str, Ask] = {
        "broker": broker_answers,
        "zookeeper": lambda _process, within_s: _talks((host, int(port)), b"srvr", within_s),
        "jobmanager": lambda _process, within_s: _http(f"{flink.rest_url}/overview", within_s) is not None,
    }
    registered: Ask = lambda process, within_s: _registered(flink.rest_url, process, within_s)  # noqa: E731 - an Ask
    asks |= {name: registered for name in names if name.startswith("taskmanager-")}
    return Health({name: ask for name, ask in asks.items() if name in names}, stack.hung_after.total_seconds())


def _http(url: str, within_s: float) -> httpx.Response | None:
    try:
        return httpx.get(url, timeout=within_s, verify=trusted())
    except httpx.HTTPError:
        return None


def _talks(address: tuple[str, int], said: bytes, within_s: float) -> bool:
    """Whether something comes back; the kernel alone accepts a connection for a process that hangs."""
    try:
        with socket.create_connection(address, within_s) as connection:
            connection.sendall(said)
            return bool(connection.recv(1))
    except OSError:
        return False


def _registered(rest_url: str, process: psutil.Process, within_s: float) -> bool | None:
    """Whether the JobManager, which drops one whose heartbeats fail, lists the TaskManager."""
    answer = _http(f"{rest_url}/taskmanagers", within_s)
    if answer is None or answer.status_code != httpx.codes.OK:
        return None
    try:
        ours = {at.laddr.port for at in process.net_connections("tcp") if at.status == psutil.CONN_LISTEN}
    except psutil.Error:
        return None
    # Its id is host:port-suffix, of the port on which it takes orders.
    listed = {int(one["id"].rpartition(":")[2].partition("-")[0]) for one in answer.json()["taskmanagers"]}
    return bool(ours & listed)
