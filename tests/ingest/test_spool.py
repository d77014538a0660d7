"""What append returned for is there after any end of the process; over the bound it refuses, and forgets nothing."""

import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from errors import CannotRun, SpoolDamaged, SpoolFull
from ingest.spool import LEAST_BYTES, Spool
from settings.reader import ROOT

TOPIC = "persistent://hongbao/events/clicks"


def opened(folder: Path, most_bytes: int = 1 << 20, sync: bool = False, schema: str = "{}") -> Spool:
    spool = Spool(folder, most_bytes, sync)
    spool.begin(TOPIC, schema)
    return spool


def held(spool: Spool, start: int | None = None) -> list[bytes]:
    """The payloads that are there to be read; all must be of one schema."""
    found: list[bytes] = []
    for records, _ in spool.read(spool.acknowledged if start is None else start):
        if not records:
            return found
        found += [payload for _, _, payload, _ in records]
    raise AssertionError("the schema changes")


def test_another_opening_gives_what_was_not_acknowledged_in_order(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    positions = [spool.append("u", b"%d" % number) for number in range(100)]
    spool.acknowledge(positions[40])
    spool.close()
    spool = opened(tmp_path)
    assert held(spool) == [b"%d" % number for number in range(40, 100)]
    assert spool.events == 60
    assert spool.append("u", b"100") > positions[-1] + (1 << 31)
    assert held(spool) == [b"%d" % number for number in range(40, 101)]
    spool.close()


def test_all_acknowledged_leaves_no_segment(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    spool.acknowledge(spool.append("u", b"1") + 1)
    spool.close()
    assert not list(tmp_path.glob("*.segment"))


def test_second_process_is_refused(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    code = "import sys, pathlib; from ingest.spool import Spool; Spool(pathlib.Path(sys.argv[1]))"
    second = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True)
    assert f"CannotRun: {tmp_path}: process {os.getpid()} has this spool; stop it, or give each" in second.stderr
    spool.close()
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT).returncode == 0


def test_another_topic_is_refused(tmp_path: Path) -> None:
    opened(tmp_path).close()
    spool = Spool(tmp_path)
    with pytest.raises(CannotRun, match=rf"holds events of {TOPIC}; give other its own folder"):
        spool.begin("other", "{}")
    spool.close()


def test_over_the_bound_is_refused_and_what_was_taken_stays(tmp_path: Path) -> None:
    spool = opened(tmp_path, LEAST_BYTES)
    taken: list[bytes] = []
    with pytest.raises(SpoolFull, match=r"of 65,536 bytes wait for the broker; the event was not taken: bring"):
        for number in range(1_000):
            spool.append("u", b"%0200d" % number)
            taken.append(b"%0200d" % number)
    assert LEAST_BYTES - 250 < sum(path.stat().st_size for path in tmp_path.glob("*.segment")) <= LEAST_BYTES
    assert held(spool) == taken
    # A quarter acknowledged makes room for a quarter.
    spool.acknowledge(spool.base + len(taken) // 4 + 1)
    spool.append("u", b"more")
    spool.close()
    spool = opened(tmp_path, LEAST_BYTES)
    assert held(spool) == [*taken[len(taken) // 4 + 1 :], b"more"]
    spool.close()


def test_full_disk_is_refused_and_nothing_half_written_is_read(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    spool.append("u", b"before")
    (segment,) = tmp_path.glob("*.segment")
    written, limits = segment.stat().st_size, resource.getrlimit(resource.RLIMIT_FSIZE)
    # The kernel then writes a part of the record, as it does on a disk with some bytes left.
    resource.setrlimit(resource.RLIMIT_FSIZE, (written + 20, limits[1]))
    try:
        with pytest.raises(SpoolFull, match=r"File too large; the event was not taken: free some space"):
            spool.append("u", b"x" * 100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert segment.stat().st_size == written
    spool.append("u", b"after")
    assert held(spool) == [b"before", b"after"]
    spool.close()


def test_full_disk_at_a_new_segment_leaves_no_file_behind(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, limits[1]))
    try:
        with pytest.raises(SpoolFull):
            spool.append("u", b"x" * 100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    spool.append("u", b"after")
    assert held(spool) == [b"after"]
    spool.close()


def test_damage_since_the_opening_is_an_error_when_it_is_read(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    for _ in range(3):
        spool.append("u", b"payload")
    (segment,) = tmp_path.glob("*.segment")
    data = bytearray(segment.read_bytes())
    data[-5] ^= 1
    segment.write_bytes(data)
    with pytest.raises(SpoolDamaged, match="its checksum is not what was written; keep a copy"):
        held(spool)
    spool.close()


def test_events_of_an_older_schema_come_apart(tmp_path: Path) -> None:
    spool = opened(tmp_path, schema="old")
    spool.append("u", b"1")
    spool.close()
    spool = opened(tmp_path, schema="new")
    spool.append("u", b"2")
    assert spool.schema(spool.acknowledged) == "old"
    (records, behind), *more = spool.read(spool.acknowledged)
    assert ([payload for _, _, payload, _ in records], more) == ([b"1"], [])
    assert spool.schema(behind) == "new"
    assert held(spool, behind) == [b"2"]
    spool.close()


@pytest.mark.parametrize("lost", ["spool.json", "position"])
def test_lost_file_of_marks_loses_no_event(tmp_path: Path, lost: str) -> None:
    spool = opened(tmp_path)
    first = spool.append("u", b"1")
    spool.close()
    (tmp_path / lost).unlink()
    spool = opened(tmp_path)
    assert spool.append("u", b"2") > first
    assert held(spool) == [b"1", b"2"]
    # Without the mark any of the old ones may have been sent, and goes out alone.
    assert (spool.sent >= first) == (lost == "position")
    spool.close()


def test_threads_share_what_reaches_the_disk(tmp_path: Path) -> None:
    spool = opened(tmp_path, LEAST_BYTES * 8, sync=True)

    def append(thread: int) -> None:
        for number in range(200):
            spool.append("u", b"%d %0100d" % (thread, number))

    threads = [threading.Thread(target=append, args=(thread,)) for thread in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [payload.split() for payload in held(spool)]
    assert len(list(tmp_path.glob("*.segment"))) > 1
    for writer in range(8):
        assert [int(number) for of, number in found if int(of) == writer] == list(range(200))
    spool.close()


WRITER = """
import sys, pathlib
from ingest.spool import Spool
spool = Spool(pathlib.Path(sys.argv[1]), 1 << 20, sync=sys.argv[2] == "sync")
spool.begin("t", "{}")
for number in range(1_000_000):
    spool.append("u", b"%d" % number)
    print(number, flush=True)
"""


@pytest.mark.parametrize("sync", ["sync", "no sync"])
def test_kill_9_takes_nothing_that_was_appended(tmp_path: Path, sync: str) -> None:
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), sync], cwd=ROOT, stdout=subprocess.PIPE)
    assert writer.stdout is not None
    for line in writer.stdout:
        if int(line) == 300:
            writer.send_signal(signal.SIGKILL)
    writer.wait()
    spool = Spool(tmp_path, 1 << 20)
    found = [int(payload) for payload in held(spool)]
    assert len(found) > 300
    assert found == list(range(len(found)))
    spool.close()


class AnyUse(RuleBasedStateMachine):
    """A list is the model: appended, acknowledged from the front, closed and opened again."""

    @initialize()
    def start(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.spool = opened(Path(self.folder.name), LEAST_BYTES)
        self.model: list[tuple[int, bytes]] = []

    @rule(payload=st.binary(max_size=20), size=st.sampled_from([0, 1_000, 30_000]))
    def append(self, payload: bytes, size: int) -> None:
        event = payload + bytes(size)
        try:
            self.model.append((self.spool.append("u", event), event))
        except SpoolFull:
            assert sum(len(event) + 30 for _, event in self.model) + len(event) > LEAST_BYTES // 2

    @rule(share=st.floats(0, 1))
    def acknowledge(self, share: float) -> None:
        count = int(len(self.model) * share)
        if count:
            self.spool.acknowledge(self.model[count - 1][0] + 1)
            self.model = self.model[count:]

    @rule()
    def reopen(self) -> None:
        self.spool.close()
        self.spool = opened(Path(self.folder.name), LEAST_BYTES)

    @invariant()
    def holds_what_the_model_holds(self) -> None:
        if not hasattr(self, "spool"):
            return
        found: list[tuple[int, bytes]] = []
        for records, _ in self.spool.read(self.spool.acknowledged):
            if not records:
                break
            found += [(position, payload) for position, _, payload, _ in records]
        assert found == self.model
        assert self.spool.events == len(self.model)

    def teardown(self) -> None:
        if hasattr(self, "spool"):
            self.spool.close()
            self.folder.cleanup()


AnyUse.TestCase.settings = settings(deadline=None, max_examples=40, stateful_step_count=30)
TestAnyUse = AnyUse.TestCase
