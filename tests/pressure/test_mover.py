"""What was deferred is moved once, whatever dies and whatever it is."""

import json
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from functools import partial
from pathlib import Path

import pulsar
import pytest

import schemas
from errors import CannotRun
from ingest import Publisher
from pressure.moved import MovedBook
from pressure.mover import Mover
from schemas.topics import CLICKS, DEFERRED
from settings import Pulsar
from settings.reader import ROOT
from tests.pressure.deferred import event, moving, run
from tests.topics.everything import everything
from topics.avro import EncodedAvro
from topics.client import connect

pytestmark = pytest.mark.stack

KILLED = """
import os, sys, threading
from datetime import timedelta
from pathlib import Path
from pressure import mover
from pressure.moved import MovedBook
from settings import Pulsar, read

done = 0
acknowledged = mover.pulsar.Consumer.acknowledge

def acknowledge(self, message):
    global done
    done += 1
    if done == int(sys.argv[2]):
        os.kill(os.getpid(), 9)
    acknowledged(self, message)

mover.pulsar.Consumer.acknowledge = acknowledge
if sys.argv[3] == "unwritten":
    # As a kill between the broker's answer and the book.
    MovedBook.add = lambda *_: os.kill(os.getpid(), 9)
book = MovedBook(Path(sys.argv[1]))
settings = dict(lateness=timedelta(0), horizon=timedelta(hours=1), per_second=100_000)
with mover.Mover(read(Pulsar), book, lambda ids: set(), **settings) as one:
    one.run(calm=lambda: True, empty=lambda: False, stopped=threading.Event())
"""


@pytest.mark.parametrize(("acknowledged", "book"), [(400, "written"), (0, "unwritten")])
def test_mover_that_is_killed_moves_everything_once(
    own_topics: Pulsar, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, acknowledged: int, book: str
) -> None:
    with Publisher(own_topics, topic=DEFERRED.path) as side:
        for number in range(1_500):
            side.publish(event(f"v{number % 7}", number))
    monkeypatch.setenv("HONGBAO_PULSAR_TENANT", own_topics.tenant)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    command = [sys.executable, "-c", KILLED, str(tmp_path), str(acknowledged), book]
    assert subprocess.run(command, timeout=60, check=False, capture_output=True).returncode == -9
    moved_before = len(everything(own_topics, CLICKS))
    assert 0 < moved_before < 1_500
    with moving(own_topics, tmp_path) as mover:
        done = run(mover, own_topics)
    found = everything(own_topics, CLICKS)
    assert Counter(int(one["product_id"]) for one in found) == Counter(range(1_500))
    assert done.moved == 1_500 - moved_before
    for who in range(7):
        theirs = [int(one["product_id"]) for one in found if one["anonymous_id"] == f"v{who}"]
        assert theirs == sorted(theirs)
    lines = [json.loads(line) for path in tmp_path.glob("*.jsonl") for line in path.read_text().splitlines()]
    assert len(lines) == len({line["deferred_message_id"] for line in lines}) == 1_500


def test_what_landed_already_is_not_moved_and_there_is_one_mover(own_topics: Pulsar, tmp_path: Path) -> None:
    with Publisher(own_topics, topic=DEFERRED.path) as side:
        ids = [side.publish(event("visitor", number)) for number in range(2)]
    mover = partial(Mover, own_topics, MovedBook(tmp_path), lateness=timedelta(0), horizon=timedelta(hours=1))
    with mover(landed=lambda asked: {ids[0]} & set(asked), per_second=1_000) as one:
        done = run(one, own_topics)
        assert (done.moved, done.repeats, done.late) == (1, 1, 1)
        with pytest.raises(CannotRun, match="another mover is at work"):
            moving(own_topics, tmp_path)
    assert [int(one["product_id"]) for one in everything(own_topics, CLICKS)] == [1]


def test_what_is_no_event_is_moved_all_the_same_for_a_job_to_say_why(own_topics: Pulsar, tmp_path: Path) -> None:
    client = connect(own_topics)
    side = client.create_producer(own_topics.topic(DEFERRED.path), schema=EncodedAvro(schemas.load(CLICKS.record)))
    side.send(b"\xff", partition_key="visitor")
    with moving(own_topics, tmp_path) as mover:
        assert run(mover, own_topics).moved == 1
    clicks = client.subscribe(own_topics.topic(CLICKS.path), "look", initial_position=pulsar.InitialPosition.Earliest)
    found = clicks.receive(10_000)
    assert (found.data(), found.partition_key()) == (b"\xff", "visitor")
    client.close()
