"""Beyond capacity the publisher is told; what may wait waits, the rest does not; then everything is moved, once."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import schemas
from cli.main import app
from errors import CannotRun
from ingest import Delivery, Publisher, Spool
from ingest.event_id import EventIds
from pressure.level import Level
from pressure.signal import newest
from pressure.watch import watch
from schemas.encoder import encoder
from schemas.topics import CLICKS, CLICKS_VIP, DEFERRED
from settings import Deferral, Pressure, Pulsar
from tests.pressure.deferred import event, moving, run
from tests.topics.everything import everything
from tests.waiting import eventually
from topics.client import connect

pytestmark = pytest.mark.stack
POLICY = Deferral(when="pressed", move_per_second=100_000)
# A second of lag presses, half a second without lag ends it.
QUICK = Pressure(
    every=timedelta(milliseconds=200),
    readers=("coupons",),
    pressed_from=timedelta(seconds=1),
    pressed_until=timedelta(milliseconds=500),
    overloaded_from=timedelta(hours=1),
    overloaded_until=timedelta(minutes=1),
    calm_for=timedelta(milliseconds=500),
)


@contextmanager
def watched(broker: Pulsar, settings: Pressure = QUICK) -> Iterator[None]:
    """A watcher at work."""
    stopped = threading.Event()
    watcher = threading.Thread(target=watch, args=(broker, settings, stopped))
    watcher.start()
    try:
        yield
    finally:
        stopped.set()
        watcher.join()


def take(reader: Any, count: int) -> None:
    for _ in range(count):
        reader.acknowledge(reader.receive(10_000))


@pytest.mark.parametrize("spooled", [False, True])
def test_pressed_publisher_defers_anonymous_browsing_alone_until_it_was_moved(
    own_topics: Pulsar, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spooled: bool
) -> None:
    monkeypatch.setenv("HONGBAO_PRESSURE_PRESSED_FROM", "1 h")
    monkeypatch.setenv("HONGBAO_PRESSURE_OVERLOADED_FROM", "2 h")
    # One machine has one clock; a batch takes far less.
    monkeypatch.setattr("pressure.deferral.CLOCKS_MS", 1_000)
    levels: list[Level] = []
    delivered: list[Delivery] = []
    client = connect(own_topics)
    spool = Spool(tmp_path / "spool", sync=False) if spooled else None
    # Takes one message and no more: what comes behind it waits at the broker.
    stuck = client.subscribe(
        own_topics.topic(CLICKS.path),
        "coupons",
        receiver_queue_size=1,
        max_total_receiver_queue_size_across_partitions=1,
    )
    with (
        watched(own_topics),
        Publisher(
            own_topics,
            spool=spool,
            deferral=POLICY,
            on_delivery=delivered.append,
            on_pressure=lambda pressure: levels.append(pressure.level),
        ) as clicks,
    ):
        eventually(lambda: clicks.pressure.level, Level.NORMAL)
        for number in range(3):
            clicks.publish(event("visitor", number))
            clicks.flush()
        eventually(lambda: clicks.pressure.level, Level.PRESSED)
        assert clicks.pressure.lag_s is not None and clicks.pressure.lag_s >= 1
        for number in range(3, 6):
            clicks.publish(event("visitor", number))
        clicks.publish(event("visitor", 100, "order_completed"))
        clicks.publish({**event("visitor", 101), "user_id": "u1"})
        clicks.publish({**event("visitor", 102), "user_id": "v1", "membership_tier": "vip"})
        clicks.flush()
        assert clicks.deferred == 3
        assert sorted(int(one["product_id"]) for one in everything(own_topics, DEFERRED)) == [3, 4, 5]
        assert sorted(int(one["product_id"]) for one in everything(own_topics, CLICKS)) == [0, 1, 2, 100, 101]
        assert [int(one["product_id"]) for one in everything(own_topics, CLICKS_VIP)] == [102]
        take(stuck, 5)
        eventually(lambda: clicks.pressure.level, Level.NORMAL)
        # The events before these were not moved, so these wait too; another visitor's do not.
        clicks.publish(event("visitor", 6))
        clicks.publish(event("other", 200))
        clicks.flush()
        assert sorted(int(one["product_id"]) for one in everything(own_topics, DEFERRED)) == [3, 4, 5, 6]
        with moving(own_topics, tmp_path / "moved") as mover:
            assert run(mover, own_topics).moved == 4
        # Those four, and the other visitor's.
        take(stuck, 5)
        follower = clicks._follower
        assert follower is not None
        before_ms = int(time.time() * 1000)
        eventually(lambda: follower.moved_ms > before_ms and clicks.pressure.level is Level.NORMAL, True)
        clicks.publish(event("visitor", 7))
        clicks.flush()
        assert clicks.deferred == 4
    client.close()
    # What was moved may have pressed it once more.
    assert levels[:3] == [Level.NORMAL, Level.PRESSED, Level.NORMAL]
    views = [int(one["product_id"]) for one in everything(own_topics, CLICKS) if one["anonymous_id"] == "visitor"]
    assert [number for number in views if number < 100] == list(range(8))
    assert sum(delivery.deferred for delivery in delivered) == 4
    signal = newest(own_topics)
    assert signal is not None and signal.level is Level.NORMAL and signal.reader is None


def test_publisher_without_a_watcher_knows_nothing_and_defers_nothing(own_topics: Pulsar) -> None:
    with Publisher(own_topics, deferral=POLICY) as clicks:
        clicks.publish(event("visitor", 0))
        assert clicks.pressure.level is Level.UNKNOWN
        assert clicks.deferred == 0
    assert newest(own_topics) is None


def test_what_a_spool_deferred_is_sent_whatever_the_policy_is_by_now(own_topics: Pulsar, tmp_path: Path) -> None:
    left = Spool(tmp_path / "spool" / "deferred", sync=False)
    left.begin(own_topics.topic(DEFERRED.path), schemas.load("click_event").text)
    moment = datetime.now(UTC)
    whole = {**event("visitor", 7), "event_id": EventIds().next(), "sent_at": moment, "source": "web"}
    left.append("visitor", encoder(schemas.load("click_event"))(whole))
    left.close()
    with Publisher(own_topics, spool=Spool(tmp_path / "spool", sync=False)) as clicks:
        assert clicks.unsent == 1
        clicks.flush()
    assert [one["product_id"] for one in everything(own_topics, DEFERRED)] == ["7"]
    assert everything(own_topics, CLICKS) == []


def test_reader_that_nobody_is_is_away_and_presses_nobody(own_topics: Pulsar) -> None:
    with Publisher(own_topics) as clicks:
        clicks.publish(event("visitor", 0))
    with watched(own_topics):
        eventually(lambda: (signal := newest(own_topics)) and (signal.level, signal.away), (Level.NORMAL, "coupons"))


def test_second_watcher_is_refused(own_topics: Pulsar, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("topics.versions.TURN_S", 0.5)
    with watched(own_topics):
        eventually(lambda: newest(own_topics) is not None, True)
        with pytest.raises(CannotRun, match="control/pressure: somebody else is publishing signals"):
            watch(own_topics, QUICK, threading.Event())


def test_commands_say_the_level_and_move_what_waits(
    own_topics: Pulsar, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HONGBAO_PULSAR_TENANT", own_topics.tenant)
    monkeypatch.setenv("HONGBAO_WAREHOUSE_FOLDER", str(tmp_path))

    def hongbao(*arguments: str) -> tuple[int, Any]:
        done = CliRunner().invoke(app, [*arguments, "--json"])
        return done.exit_code, json.loads(done.stdout)

    code, said = hongbao("pressure")
    assert (code, said["level"]) == (1, "unknown")
    with Publisher(own_topics, topic=DEFERRED.path) as side:
        for number in range(3):
            side.publish(event("visitor", number))
    with watched(own_topics):
        eventually(lambda: newest(own_topics) is not None, True)
        code, said = hongbao("pressure")
        assert (code, said["level"], said["away"]) == (0, "normal", "coupons")
        assert hongbao("drain-deferred")[1]["moved"] == 3
    assert [int(one["product_id"]) for one in everything(own_topics, CLICKS)] == [0, 1, 2]
