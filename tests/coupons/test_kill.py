"""A process that is killed at any instant has done each effect once or not at all, and one that is told to stop ends
what it has in hand."""

import os
import random
import signal
import time
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest

from schemas.topics import CLICKS, UNDELIVERED
from settings import Pulsar
from stack.topics import REVIEW
from tests.coupons import two_rows
from tests.coupons.messages import backlog, order, publish, undelivered
from tests.databases import AnyDatabase, rows
from tests.waiting import eventually

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]

KILLS = 12


def start(broker: Pulsar, database: AnyDatabase, out: Path, mood: str = "quick") -> ForkServerProcess:
    """The process, once it is ready."""
    out.touch()
    before = out.read_text(encoding="utf-8").count("ready")
    settings = {"HONGBAO_PULSAR_TENANT": broker.tenant, "HONGBAO_SUBSCRIBERS_ATTEMPTS": "3"}
    process = two_rows.start(database.url, mood, out, settings)
    eventually(lambda: not process.is_alive() or out.read_text(encoding="utf-8").count("ready") > before, True)
    return process


def ended(process: ForkServerProcess, within_s: float) -> int | None:
    """Its exit code; None where it has not ended by then."""
    process.join(within_s)
    return process.exitcode


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
        process.join()
        cut_short += len(told(out, "begin")) > len(told(out, "end"))
        # At one moment: PostgreSQL may still be committing what the killed process told it to.
        both = rows(database, "SELECT 1, event_id FROM first UNION ALL SELECT 2, event_id FROM second")
        first, second = ([event_id for table, event_id in both if table == which] for which in (1, 2))
        assert sorted(first) == sorted(second)
        assert len(set(first)) == len(first)
    process = start(own_topics, database, out)
    try:
        eventually(lambda: len(rows(database, "SELECT * FROM second")), len(events))
    finally:
        process.terminate()
        process.join(30)
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
    assert ended(process, 10) == 0
    done = told(out, "end")
    assert told(out, "begin") == done
    assert sorted(event_id for (event_id,) in rows(database, "SELECT * FROM second")) == sorted(done)
    assert len(done) < 40
    again = start(own_topics, database, out)
    try:
        eventually(lambda: len(rows(database, "SELECT * FROM second")), 40)
    finally:
        assert again.pid is not None
        os.kill(again.pid, signal.SIGINT)
        assert ended(again, 10) == 0
    # Nothing that was acknowledged began again.
    assert sorted(told(out, "begin")) == sorted(set(told(out, "begin")))
    eventually(lambda: backlog(own_topics, CLICKS, "two-rows"), 0, 10)


def dies(process: ForkServerProcess, broker: Pulsar) -> bool:
    """Whether it died; False when something is in quarantine first."""
    eventually(lambda: not process.is_alive() or backlog(broker, UNDELIVERED, REVIEW) == 1, True)
    return not process.is_alive()


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
    assert ended(process, 10) == 0
    assert deaths == 3
    (record,) = undelivered(own_topics, 1)
    assert record["inbox_id"] == deadly["event_id"]
    assert record["reason"] == "the process ended each time while this was in hand"
