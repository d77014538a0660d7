"""A process that answers nothing for too long hangs; one that starts, or that we did not look at, has more time."""

import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from settings import Flink, Pulsar, Stack
from settings.duration import parse
from stack import zookeeper
from stack.health import CONNECT, STALLED_S, START_BOUNDS, Health, _talks, health
from stack.processes import Service
from stack.supervisor import Supervisor
from tests.waiting import eventually

BOUND_S = 30.0
# Answers each connection with a byte.
SERVER = """
import socket, sys
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    connection, _ = server.accept()
    connection.recv(100)
    connection.sendall(b"1")
    connection.close()
"""


@pytest.fixture
def process() -> psutil.Process:
    return psutil.Process()


def looked(found: Health, process: psutil.Process, until_s: float, since_s: float = 0.0) -> bool:
    """Look every second, as far as the clock is concerned; whether it hangs at the end."""
    hangs = False
    for now_s in range(int(since_s), int(until_s) + 1):
        found.look(now_s)
        hangs = found.hangs("broker", process, now_s)
    return hangs


def test_process_that_answered_hangs_after_the_bound(process: psutil.Process) -> None:
    found = Health({"broker": lambda *_: None}, BOUND_S)
    assert not looked(found, process, 5)
    found.heard("broker", process.pid, True, 5.0)
    found.heard("broker", process.pid, False, 20.0)
    assert not looked(found, process, 35, since_s=6)
    assert looked(found, process, 36, since_s=36)


def test_process_that_starts_has_longer(process: psutil.Process) -> None:
    found = Health({"broker": lambda *_: None}, BOUND_S)
    assert not looked(found, process, BOUND_S * START_BOUNDS)
    assert looked(found, process, BOUND_S * START_BOUNDS + 1, since_s=BOUND_S * START_BOUNDS)


def test_after_a_stall_of_our_own_the_clock_starts_again(process: psutil.Process) -> None:
    found = Health({"broker": lambda *_: None}, BOUND_S)
    assert not looked(found, process, 0)
    found.heard("broker", process.pid, True, 0.0)
    assert not looked(found, process, 20, since_s=1)
    awake_s = 20 + STALLED_S + 60
    assert not looked(found, process, awake_s + 30, since_s=awake_s)
    assert looked(found, process, awake_s + 31, since_s=awake_s + 31)


def test_who_cannot_be_asked_about_does_not_hang(process: psutil.Process) -> None:
    found = Health({"broker": lambda *_: None}, BOUND_S)
    assert not looked(found, process, 0)
    found.heard("broker", process.pid, True, 0.0)
    found.heard("broker", process.pid, None, 25.0)
    assert not looked(found, process, 25 + BOUND_S * START_BOUNDS, since_s=1)


def test_answer_of_the_process_before_says_nothing_of_this_one(process: psutil.Process) -> None:
    found = Health({"broker": lambda *_: None}, BOUND_S)
    assert not looked(found, process, 0)
    found.heard("broker", process.pid + 1, True, 1.0)
    assert looked(found, process, BOUND_S * START_BOUNDS + 1, since_s=1)


def test_question_that_breaks_kills_nobody(process: psutil.Process) -> None:
    def broken(_process: psutil.Process, _within_s: float) -> bool:
        raise ValueError("no number")

    assert Health({"broker": broken}, BOUND_S)._asked("broker", process) is None


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Service, int]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    service = Service("server", tmp_path)
    service.start([sys.executable, "-c", SERVER, str(port)])
    yield service, port
    service.stop()


def test_frozen_process_is_replaced_and_one_that_only_pauses_is_not(
    server: tuple[Service, int], tmp_path: Path
) -> None:
    service, port = server
    found = Health({"server": lambda _process, within_s: _talks(("127.0.0.1", port), b"?", within_s)}, 4.0)
    said: list[str] = []
    supervisor, clock = Supervisor(tmp_path, said.append, found), time.monotonic

    def pid() -> int | None:
        supervisor.look(clock())
        process = service.process()
        return process.pid if process else None

    before = pid()
    found.begin()
    eventually(lambda: (pid(), found._known["server"].answered), (before, True))
    process = service.process()
    assert process is not None
    process.send_signal(signal.SIGSTOP)
    until_s = clock() + 1.0
    eventually(lambda: (pid(), clock() > until_s), (before, True))
    process.send_signal(signal.SIGCONT)
    until_s = clock() + 3.0
    eventually(lambda: (pid(), clock() > until_s), (before, True))
    assert said == []
    process.send_signal(signal.SIGSTOP)
    eventually(lambda: pid() not in (before, None), True)
    assert said[0] == "server has not answered for 4 s or longer: killed"
    assert said[-1] == "server started again"
    eventually(lambda: _talks(("127.0.0.1", port), b"?", 1.0), True)


def test_zookeeper_answers_and_a_frozen_one_does_not(tmp_path: Path, process: psutil.Process) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        stack = Stack(folder=tmp_path, internal_port=free.getsockname()[1] - 3)
    asked = health(stack, Pulsar(), Flink(), ["zookeeper"]).asks["zookeeper"]
    zookeeper.start(stack, Flink())
    try:
        eventually(lambda: asked(process, 1.0), True)
        running = zookeeper.service(stack).process()
        assert running is not None
        running.suspend()
        assert asked(process, 0.5) is False
        running.resume()
        assert asked(process, 5.0) is True
    finally:
        zookeeper.service(stack).stop()


@pytest.mark.stack
def test_broker_answers_on_both_fronts(lone_broker: Pulsar, process: psutil.Process) -> None:
    found = health(Stack(hung_after=parse("9 s")), lone_broker, Flink(), ["broker"])
    assert found.bound_s == 9.0
    assert found.asks["broker"](process, 5.0) is True
    nobody = "pulsar://127.0.0.1:1"
    mute = lone_broker.model_copy(update={"service_url": nobody})
    assert health(Stack(), mute, Flink(), ["broker"]).asks["broker"](process, 5.0) is False
    # What it says back is its word for CONNECTED, not a refusal.
    host, _, port = lone_broker.service_url.removeprefix("pulsar://").partition(":")
    with socket.create_connection((host, int(port)), 5.0) as connection:
        connection.sendall(CONNECT)
        assert connection.recv(100)[8:10] == b"\x08\x03"
