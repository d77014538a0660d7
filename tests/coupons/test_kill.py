"""A process that is killed at any instant has done each effect once or not at all, and one that is told to stop ends
what it has in hand."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from schemas.topics import CLICKS, UNDELIVERED
from settings import Pulsar
from settings.reader import ROOT
from stack.topics import REVIEW
from tests.coupons.messages import backlog, order, publish, undelivered
from tests.databases import AnyDatabase, rows
from tests.waiting import eventually

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]

KILLS = 12


def start(broker: Pulsar, database: AnyDatabase, out: Path, mood: str = "quick") -> subprocess.Popen[bytes]:
    """The process, once it is ready."""
    with out.open("ab") as told:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.coupons.two_rows", database.url, mood],
            cwd=ROOT,
            stdout=told,
            stderr=told,
            env={**os.environ, "HONGBAO_PULSAR_TENANT": broker.tenant, "HONGBAO_SUBSCRIBERS_ATTEMPTS": "3"},
        )
    before = out.read_text(encoding="utf-8").count("ready")
    eventually(lambda: process.poll() is not None or out.read_text(encoding="utf-8").count("ready") > before, True)
    return process


def told(out: Path, word: str) -> list[str]:
    return [line.split()[1] for line in out.read_text(encoding="utf-8").splitlines() if line.startswith(f"{word} ")]


def test_killed_at_any_instant_each_effect_is_whole_and_once(
    own_topics: Pulsar, database: AnyDatabase, tmp_path: Path
) -> None:
    events = [order(f"u{number % 50}", f"o{number}") for number in range(4_000)]
    wanted = sorted(event["event_id"] for event in events)
    publish(own_topics, events)
    out, dice = tmp_path / "out", random.Random(7)
    cut_short = 0
    for _ in range(KILLS):
        process = start(own_topics, database, out)
        begun = len(told(out, "begin"))
        eventually(lambda before=begun: len(told(out, "begin")) > before, True)  # type: ignore[misc]
        time.sleep(dice.uniform(0, 0.15))
        process.kill()
        process.wait()
        cut_short += len(told(out, "begin")) > len(told(out, "end"))
        first, second = rows(database, "SELECT * FROM first"), rows(database, "SELECT * FROM second")
        assert sorted(first) == sorted(second)
        assert len(set(first)) == len(first)
    process = start(own_topics, database, out)
    try:
        eventually(lambda: len(rows(database, "SELECT * FROM second")), len(events))
    finally:
        process.terminate()
        process.wait(30)
    for table in ("first", "second"):
        assert sorted(event_id for (event_id,) in rows(database, f"SELECT * FROM {table}")) == wanted
    # It was killed while effects were under way, or nothing was shown here.
    assert len(told(out, "begin")) > len(wanted)
    assert cut_short > 0


def test_told_to_stop_it_ends_the_message_in_hand(own_topics: Pulsar, database: AnyDatabase, tmp_path: Path) -> None:
    publish(own_topics, [order(f"u{number}", f"o{number}") for number in range(40)])
    out = tmp_path / "out"
    process = start(own_topics, database, out, "slow")
    eventually(lambda: len(told(out, "begin")) >= 3 and len(told(out, "begin")) > len(told(out, "end")), True)
    process.terminate()
    assert process.wait(10) == 0
    done = told(out, "end")
    assert told(out, "begin") == done
    assert sorted(event_id for (event_id,) in rows(database, "SELECT * FROM second")) == sorted(done)
    assert len(done) < 40
    again = start(own_topics, database, out)
    try:
        eventually(lambda: len(rows(database, "SELECT * FROM second")), 40)
    finally:
        again.send_signal(signal.SIGINT)
        assert again.wait(10) == 0
    # Nothing that was acknowledged began again.
    assert sorted(told(out, "begin")) == sorted(set(told(out, "begin")))
    eventually(lambda: backlog(own_topics, CLICKS, "two-rows"), 0, 10)


def dies(process: subprocess.Popen[bytes], broker: Pulsar) -> bool:
    """Whether it died; False when something is in quarantine first."""
    eventually(lambda: process.poll() is not None or backlog(broker, UNDELIVERED, REVIEW) == 1, True)
    return process.poll() is not None


def test_message_that_kills_the_process_ends_in_quarantine(
    own_topics: Pulsar, database: AnyDatabase, tmp_path: Path
) -> None:
    events = [order(f"u{number}", f"o{number}") for number in range(30)]
    deadly = order("u7", "deadly")
    publish(own_topics, [*events[:15], deadly, *events[15:]])
    deaths, process = 0, start(own_topics, database, tmp_path / "out", "deadly")
    while dies(process, own_topics):
        deaths, process = deaths + 1, start(own_topics, database, tmp_path / "out", "deadly")
    eventually(lambda: len(rows(database, "SELECT * FROM second")), 30)
    process.terminate()
    assert process.wait(10) == 0
    assert deaths == 3
    (record,) = undelivered(own_topics, 1)
    assert record["inbox_id"] == deadly["event_id"]
    assert record["reason"] == "the process ended each time while this was in hand"
