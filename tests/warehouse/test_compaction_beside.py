"""Compaction harms nobody beside it: killed at any instant, beside readers, beside another run."""

import itertools
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

import warehouse
from errors import CannotRun
from settings.reader import ROOT
from tests.warehouse.landing import event, land
from tests.warehouse.small_files import LONG, NO_GRACE, age_notes, ids, kept, landed, names, plain_ids, visited
from warehouse import compaction, files
from warehouse.compaction import compact
from warehouse.files import hours, listing, live


@pytest.fixture
def killer() -> Iterator[Callable[[Path, int], int]]:
    """Compacts a folder in another process that dies at an instant; gives its exit code."""
    command = [sys.executable, "-m", "tests.warehouse.killed"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:

        def kill(folder: Path, instant: int) -> int:
            assert child.stdin is not None and child.stdout is not None
            child.stdin.write(f"{folder} {instant}\n")
            child.stdin.flush()
            return int(child.stdout.readline())

        yield kill
        assert child.stdin is not None
        child.stdin.close()


def test_killed_at_every_instant_it_harms_no_reader_and_the_next_run_finishes(
    tmp_path: Path, killer: Callable[[Path, int], int]
) -> None:
    before = ["event-0", "event-1", "event-2"]
    for instant in itertools.count(1):
        folder = tmp_path / str(instant)
        for number in range(3):
            land(folder, "events", [event(number)], part=f"part-{number}")
        code = killer(folder, instant)
        assert ids(folder) == before, f"killed at {instant}"
        assert visited(folder) == 3, f"killed at {instant}"
        assert set(plain_ids(folder)) == set(before), f"killed at {instant}: a plain reader never misses a row"
        compact(folder, ("events",), grace=NO_GRACE)
        assert ids(folder) == plain_ids(folder) == before, f"killed at {instant}, then repeated"
        assert visited(folder) == 3, f"killed at {instant}, then repeated"
        assert names(folder) == kept(folder), f"killed at {instant}: nothing is left behind"
        assert len(live(folder, "events")) == 1
        if code == 0:
            break
        assert code == -signal.SIGKILL
    assert instant > 11, "the lock, the note, its rename, the visits, their rename, the link, five deletions"


def test_killed_at_random_moments_again_and_again_it_gets_there(tmp_path: Path) -> None:
    before = landed(tmp_path, files=40)
    dice = random.Random(7)
    deaths = 0
    for turn in range(8):
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.warehouse.killed"], cwd=ROOT, stdin=subprocess.PIPE, start_new_session=True
        )
        assert child.stdin is not None
        child.stdin.write(f"{tmp_path} 0\n".encode())
        child.stdin.flush()
        wait_until((tmp_path / ".compact.lock").exists)
        time.sleep(dice.uniform(0, 0.2))
        os.killpg(child.pid, signal.SIGKILL)
        deaths += child.wait() != 0
        child.stdin.close()
        (tmp_path / ".compact.lock").unlink()
        assert ids(tmp_path) == before
        assert visited(tmp_path) == len(before)
        before = sorted(before + landed(tmp_path, files=4, first=100 + 4 * turn))
    assert deaths == 8
    compact(tmp_path, ("events",), grace=NO_GRACE)
    assert ids(tmp_path) == plain_ids(tmp_path) == before
    assert visited(tmp_path) == len(before)
    assert names(tmp_path) == kept(tmp_path)
    assert len(live(tmp_path, "events")) == 2


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_readers_see_each_row_once_at_every_instant_while_files_come_and_are_compacted(tmp_path: Path) -> None:
    known = set(landed(tmp_path, files=20))
    done = threading.Event()
    wrong: list[str] = []
    looked = 0

    def read() -> None:
        nonlocal looked
        with warehouse.connect(tmp_path) as connection:
            while not done.is_set():
                least = set(known)
                found = [row[0] for row in connection.sql("SELECT event_id FROM events").fetchall()]
                looked += 1
                if len(found) != len(set(found)):
                    wrong.append("doubled")
                if not least <= set(found):
                    wrong.append("missing")
                ((visits_events,),) = connection.sql("SELECT sum(events) FROM sessions").fetchall()
                # A turn's files may be there before they are known.
                if not len(least) <= visits_events <= len(known) + 20:
                    wrong.append(f"{visits_events} events in visits, of {len(least)} to {len(known)}")

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for turn in range(8):
        known |= set(landed(tmp_path, files=5, first=100 + 5 * turn))
        # Longer than any of these queries.
        compact(tmp_path, ("events",), grace=timedelta(seconds=0.5))
    wait_until(lambda: looked > 20)
    done.set()
    for reader in readers:
        reader.join()
    assert wrong == []
    assert set(ids(tmp_path)) == known


def test_a_second_run_at_the_same_time_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    landed(tmp_path)
    refused: list[str] = []
    merge = compaction._merge

    def meanwhile(hour: Path, group: list[Path]) -> None:
        with pytest.raises(CannotRun, match="another run is at work") as caught:
            compact(tmp_path, ("events",), grace=NO_GRACE)
        refused.append(str(caught.value))
        merge(hour, group)

    monkeypatch.setattr(compaction, "_merge", meanwhile)
    (done,) = compact(tmp_path, ("events",), grace=NO_GRACE)
    assert len(refused) == 2
    assert done.files_after == 2


def test_a_note_that_goes_while_it_is_read_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = landed(tmp_path)
    compact(tmp_path, ("events",), grace=LONG)
    read = files._read
    gone = 0

    def cleaned_first(hour: Path, name: str) -> files.Batch:
        nonlocal gone
        if gone == 0:
            gone = 1
            age_notes(tmp_path)
            compact(tmp_path, ("events",), grace=NO_GRACE)
        return read(hour, name)

    monkeypatch.setattr(files, "_read", cleaned_first)
    assert ids(tmp_path) == before
    assert gone == 1
    assert all(batches == [] for _, batches in map(listing, hours(tmp_path, "events")))
