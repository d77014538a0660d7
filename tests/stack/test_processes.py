"""A process is known by pid and start time, and stopped only if it is ours."""

import json
import os
import socket
import sys
import time
from pathlib import Path

import psutil
import pytest

from errors import CannotRun, Prerequisite
from stack import machine
from stack.processes import TERM_S, Service, check_port_free, wait_until

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


def test_stopped_process_is_gone_and_a_second_stop_is_harmless(tmp_path: Path) -> None:
    service = Service("sleeper", tmp_path)
    service.start(SLEEP)
    process = service.process()
    assert process is not None
    assert service.stop()
    assert not process.is_running()
    assert not service.stop()


def test_process_that_does_not_want_to_end_is_killed_at_once_where_asked(tmp_path: Path) -> None:
    service = Service("stubborn", tmp_path)
    ready = tmp_path / "ready"
    service.start(
        [
            sys.executable,
            "-c",
            "import pathlib, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
            f"pathlib.Path({str(ready)!r}).touch(); time.sleep(600)",
        ]
    )
    wait_until("stubborn", ready.exists, 30, [service])
    asked_s = time.monotonic()
    assert service.stop(at_once=True)
    assert time.monotonic() - asked_s < TERM_S
    assert service.process() is None


def test_temporary_files_are_the_folders_own(tmp_path: Path) -> None:
    service = Service("writer", tmp_path)
    service.start([sys.executable, "-c", "import tempfile, time; tempfile.mkstemp('.mine'); time.sleep(600)"])
    try:
        wait_until("a file", lambda: bool(list((tmp_path / "tmp").glob("*.mine"))), 30, [service])
    finally:
        service.stop()


def test_down_ends_whatever_was_started_in_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HONGBAO_STACK_FOLDER", str(tmp_path))
    # One that today's settings name, one of a larger configuration, one that is started first and ended last.
    services = [Service(name, tmp_path) for name in ("broker", "taskmanager-9", "zookeeper")]
    for service in services:
        service.start(SLEEP)
    assert machine.down() == ["broker", "taskmanager-9"]
    assert [service.process() for service in services] == [None] * 3
    assert not (tmp_path / "tmp").exists()
    assert machine.down() == []


@pytest.mark.parametrize(("key", "value"), [("started_s", 10.0), ("boot", "the run before")])
def test_pid_that_was_given_to_another_process_is_left_alone(tmp_path: Path, key: str, value: object) -> None:
    service = Service("sleeper", tmp_path)
    service.start(SLEEP)
    other = service.process()
    assert other is not None
    try:
        file = tmp_path / "run" / "sleeper.json"
        file.write_text(json.dumps({**json.loads(file.read_text(encoding="utf-8")), key: value}), encoding="utf-8")
        assert service.process() is None
        assert not service.stop()
        assert other.is_running()
    finally:
        other.kill()
        other.wait()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a process's start is told by the wall clock alone")
def test_a_process_is_known_after_the_clock_was_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service("sleeper", tmp_path)
    service.start(SLEEP)
    booted_s = psutil.boot_time()
    # Linux tells when it booted by the clock of now.
    monkeypatch.setattr("psutil._pslinux.boot_time", lambda: booted_s + 3600.0)
    try:
        assert service.process() is not None
    finally:
        assert service.stop()


def test_half_written_pid_file_means_nothing_runs(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "sleeper.json").write_text('{"pid": 1', encoding="utf-8")
    assert Service("sleeper", tmp_path).process() is None


def test_process_that_dies_while_starting_is_quoted(tmp_path: Path) -> None:
    service = Service("broken", tmp_path)
    service.start([sys.executable, "-c", "print('no room for me')"])
    with pytest.raises(CannotRun, match=r"broken: the process ended while starting; .* says: no room for me"):
        wait_until("broken", lambda: False, 30, [service])


def test_port_in_use_names_its_owner_and_the_setting() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Prerequisite, match=rf"port {port} is in use by .*\(pid {os.getpid()}\); .* rest_url"):
            check_port_free("127.0.0.1", port, "rest_url in [flink]")
