"""A busy process takes a core or what it gets of one, a sleeping one nothing."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.cores import Cores
from stack.processes import Service
from tests.waiting import eventually


@pytest.fixture
def services(tmp_path: Path) -> Iterator[dict[str, list[Service]]]:
    busy, asleep = Service("busy", tmp_path), Service("asleep", tmp_path)
    busy.start([sys.executable, "-c", "while True: pass"])
    asleep.start([sys.executable, "-c", "import time; time.sleep(600)"])
    yield {"busy": [busy], "both": [busy, asleep], "gone": [Service("never", tmp_path)]}
    for service in (busy, asleep):
        service.stop()


def test_a_busy_process_counts_and_a_sleeping_one_does_not(services: dict[str, list[Service]]) -> None:
    cores = Cores(services)
    # However little of a core others leave to it.
    eventually(lambda: cores.taken()["busy"] > 0.01, True)
    taken = cores.taken()
    assert taken["busy"] <= 1.05
    assert taken["both"] == pytest.approx(taken["busy"], abs=0.2)
    assert taken["gone"] == 0
