"""What died is started again, at once at first, later and later in a loop; what was stopped stays down."""

import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from stack.processes import Service, exclusive
from stack.supervisor import BACKOFF_S, STEADY_S, Supervisor, restarts
from tests.waiting import eventually

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[Service]:
    service = Service("sleeper", tmp_path)
    service.start(SLEEP, {"MARK": "7"})
    yield service
    service.stop()


def kill(service: Service) -> None:
    process = service.process()
    assert process is not None
    process.kill()
    eventually(service.process, None)


def supervisor(folder: Path) -> tuple[Supervisor, list[str]]:
    said: list[str] = []
    return Supervisor(folder, said.append), said


def test_dead_process_is_started_again_as_it_was(sleeper: Service, tmp_path: Path) -> None:
    watching, said = supervisor(tmp_path)
    kill(sleeper)
    watching.look(0.0)
    process = sleeper.process()
    assert process is not None
    assert process.cmdline() == SLEEP
    assert process.environ()["MARK"] == "7"
    assert restarts(tmp_path)["sleeper"].times == 1
    assert said[-1] == "sleeper started again"


def test_living_process_is_left_alone(sleeper: Service, tmp_path: Path) -> None:
    before = sleeper.process()
    watching, said = supervisor(tmp_path)
    watching.look(0.0)
    assert sleeper.process() == before
    assert said == []


def test_stopped_process_stays_down(sleeper: Service, tmp_path: Path) -> None:
    sleeper.stop()
    supervisor(tmp_path)[0].look(0.0)
    assert sleeper.process() is None


def test_nothing_is_started_while_up_or_down_is_at_work(sleeper: Service, tmp_path: Path) -> None:
    kill(sleeper)
    with exclusive(tmp_path):
        supervisor(tmp_path)[0].look(0.0)
        assert sleeper.process() is None


def test_process_that_dies_each_time_is_started_later_and_later_and_reported(tmp_path: Path) -> None:
    service = Service("broken", tmp_path)
    service.start([sys.executable, "-c", "print('no room for me')"])
    watching, said = supervisor(tmp_path)
    now_s = 0.0
    for backoff_s in BACKOFF_S[:4]:
        eventually(service.process, None)
        watching.look(now_s)
        if backoff_s:
            watching.look(now_s + backoff_s - 0.01)
            assert not said[-1].endswith("started again")
            watching.look(now_s + backoff_s)
        assert said[-1].endswith("started again")
        now_s += backoff_s
    assert restarts(tmp_path)["broken"].in_a_loop
    assert "broken died, 4 times in a row; its log ends: no room for me" in said


def test_process_that_lived_longer_than_it_would_have_to_wait_is_started_at_once(
    sleeper: Service, tmp_path: Path
) -> None:
    watching, said = supervisor(tmp_path)
    for backoff_s in BACKOFF_S[:4]:
        kill(sleeper)
        watching.look(10.0 * BACKOFF_S.index(backoff_s))
        assert said[-1].endswith("started again")
    assert restarts(tmp_path)["sleeper"].in_a_loop


def test_long_life_ends_the_loop(sleeper: Service, tmp_path: Path) -> None:
    watching, _ = supervisor(tmp_path)
    now_s = 0.0
    for backoff_s in BACKOFF_S[:3]:
        kill(sleeper)
        watching.look(now_s)
        now_s += backoff_s
        watching.look(now_s)
    assert restarts(tmp_path)["sleeper"].in_a_loop
    watching.look(now_s + STEADY_S)
    assert not restarts(tmp_path)["sleeper"].in_a_loop


def test_supervisor_ends_when_another_took_its_place(sleeper: Service, tmp_path: Path) -> None:
    ours = Service("supervisor", tmp_path)
    ours.start([sys.executable, "-m", "stack.supervise", str(tmp_path)], {"PYTHONPATH": str(Path.cwd())})
    process = ours.process()
    assert isinstance(process, psutil.Process)
    kill(sleeper)
    eventually(lambda: sleeper.process() is not None, True)
    (tmp_path / "run" / "supervisor.json").unlink()
    eventually(lambda: process.is_running() and process.status() != psutil.STATUS_ZOMBIE, False)
    assert sleeper.process() is not None
