"""The broker may go and the publisher may be killed: each event is on the topic once, a shopper's in order."""

import io
import json
import shutil
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import fastavro
import psutil
import pulsar
import pytest

import schemas
from errors import HongbaoError, SpoolFull
from ingest import Delivery, Publisher, Spool, forwarder
from ingest.outbox import Outbox
from ingest.spool import LEAST_BYTES
from ingest.spool_mark import Mark
from schemas.encoder import encoder
from schemas.topics import CLICKS, CLICKS_VIP, Topic
from settings import Pulsar, Stack, read
from settings.reader import ROOT
from stack import broker as stack_broker
from stack.private import private
from stack.processes import Service
from stack.pulsar_admin import PulsarAdmin
from tests.waiting import eventually
from topics.client import connect

pytestmark = pytest.mark.stack
SHOPPERS = 7


@pytest.fixture(scope="module")
def lone() -> Iterator[Pulsar]:
    """A broker that a test may kill; it must leave it running."""
    with private(ROOT / "var" / "tests-spool", {"HONGBAO_STACK_QUICK_START": "true"}, flink=False):
        yield read(Pulsar)


@pytest.fixture
def session() -> str:
    return str(uuid4())


def click(session: str, number: int) -> dict[str, Any]:
    """The `number`th event of a test; its shoppers take turns."""
    return {
        "event_type": "product_viewed",
        "user_id": f"u{number % SHOPPERS}",
        "session_id": session,
        "product_id": str(number),
        "price_minor": 1,
        "occurred_at": datetime.now(UTC),
    }


def arrived(broker: Pulsar, session: str, topic: Topic = CLICKS) -> list[int]:
    """The numbers of a test's events on the topic, partition after partition, each from its start to its end."""
    found = []
    client = connect(broker)
    try:
        for partition in client.get_topic_partitions(broker.topic(topic.path)):
            reader = opened(client, partition)
            while reader.has_message_available():
                data = io.BytesIO(reader.read_next(10_000).data())
                event: Any = fastavro.schemaless_reader(data, schemas.load("click_event").parsed, None)
                if event["session_id"] == session:
                    found.append(int(event["product_id"]))
    finally:
        client.close()
    return found


def opened(client: pulsar.Client, partition: str) -> pulsar.Reader:
    """A reader of the partition; a broker that has just been started again may need longer than an operation's 10 s."""
    for _ in range(5):
        try:
            return client.create_reader(partition, pulsar.MessageId.earliest)
        except pulsar.Timeout:
            continue
    return client.create_reader(partition, pulsar.MessageId.earliest)


def assert_once_and_in_order(broker: Pulsar, session: str, count: int) -> None:
    found = arrived(broker, session)
    assert Counter(found) == Counter(range(count))
    for shopper in range(SHOPPERS):
        assert [number for number in found if number % SHOPPERS == shopper] == list(range(shopper, count, SHOPPERS))


def process() -> psutil.Process:
    found = Service("broker", read(Stack).folder).process()
    assert found is not None
    return found


def kill() -> None:
    broker = process()
    broker.kill()
    psutil.wait_procs([broker], timeout=20)


def start() -> None:
    stack_broker.start(read(Stack), read(Pulsar))
    stack_broker.wait(read(Stack), read(Pulsar))


def test_broker_away_from_the_start_and_over_the_bound(lone: Pulsar, session: str, tmp_path: Path) -> None:
    kill()
    taken = 0
    with Publisher(lone, spool=Spool(tmp_path, LEAST_BYTES, sync=False)) as clicks:
        with pytest.raises(SpoolFull, match="the event was not taken: bring the broker back, or"):
            while True:
                clicks.publish(click(session, taken))
                taken += 1
        assert taken > 300
        assert clicks.unsent == taken
        eventually(lambda: "is the broker up" in str(clicks.trouble), True)
        start()
        clicks.flush()
        assert (clicks.unsent, clicks.trouble) == (0, None)
        clicks.publish(click(session, taken))
    assert_once_and_in_order(lone, session, taken + 1)


def test_broker_killed_while_publishing(lone: Pulsar, session: str, tmp_path: Path) -> None:
    delivered: list[str] = []
    spool = Spool(tmp_path, sync=False)
    with Publisher(lone, spool=spool, on_delivery=lambda one: delivered.append(one.event["product_id"])) as clicks:
        for number in range(20_000):
            clicks.publish(click(session, number))
            if number == 7_000:
                eventually(lambda: spool.acknowledged > spool.base, True)
                kill()
        start()
        clicks.flush()
    assert_once_and_in_order(lone, session, 20_000)
    assert sorted(map(int, delivered)) == list(range(20_000))


def test_broker_that_hangs_and_goes_on(
    lone: Pulsar, session: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forwarder, "PATIENCE_S", 1.0)
    with Publisher(lone, spool=Spool(tmp_path, sync=False)) as clicks:
        for number in range(3_000):
            clicks.publish(click(session, number))
            if number == 1_000:
                process().send_signal(signal.SIGSTOP)
        eventually(lambda: clicks.trouble is not None, True)
        process().send_signal(signal.SIGCONT)
        clicks.flush()
    assert_once_and_in_order(lone, session, 3_000)


def test_without_a_spool_the_publisher_waits_at_its_bound(lone: Pulsar, session: str) -> None:
    taken: list[str] = []

    def publish() -> None:
        for number in range(200):
            taken.append(clicks.publish(click(session, number)))

    with Publisher(lone, most_pending=50) as clicks:
        shop = threading.Thread(target=publish)
        process().send_signal(signal.SIGSTOP)
        try:
            shop.start()
            eventually(lambda: len(taken), 50)
            # It waits, and is not only slow: without the bound all 200 take some milliseconds.
            shop.join(0.5)
            assert (shop.is_alive(), len(taken)) == (True, 50)
        finally:
            process().send_signal(signal.SIGCONT)
        shop.join()
    assert_once_and_in_order(lone, session, 200)


PUBLISH = """
import sys
from pathlib import Path
from ingest import Publisher, Spool
from settings import Pulsar, read
from tests.ingest.test_forwarder import click
session, first, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
clicks = Publisher(read(Pulsar), spool=Spool(Path(folder), sync=False) if folder else None)
for number in range(first, first + 1_000_000):
    clicks.publish(click(session, number))
    print(number, flush=True)
"""


def publishing(session: str, first: int, folder: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-c", PUBLISH, session, str(first), folder], cwd=ROOT, stdout=subprocess.PIPE
    )


def killed_after(child: "subprocess.Popen[bytes]", events: int) -> int:
    """Kill the child after so many events; gives the last number whose publish returned."""
    assert child.stdout is not None
    last = -1
    for count, line in enumerate(child.stdout, 1):
        last = int(line)
        if count == events:
            child.kill()
    child.wait()
    return last


def test_publisher_killed_again_and_again(lone: Pulsar, session: str, tmp_path: Path) -> None:
    lasts = {}
    for run, events in enumerate((2_000, 500, 3_001)):
        first = run * 1_000_000
        lasts[run] = killed_after(publishing(session, first, str(tmp_path)), events) - first
    with Publisher(lone, spool=Spool(tmp_path)) as clicks:
        clicks.flush()
    found = arrived(lone, session)
    for run, last in lasts.items():
        numbers = sorted(number % 1_000_000 for number in found if number // 1_000_000 == run)
        # One more at most: written when the process was killed, before its publish returned.
        assert numbers == list(range(len(numbers)))
        assert len(numbers) in (last + 1, last + 2)
    for shopper in range(SHOPPERS):
        numbers = [number for number in found if number % SHOPPERS == shopper]
        assert numbers == sorted(numbers)


def test_control_without_a_spool_a_killed_publisher_loses(lone: Pulsar, session: str) -> None:
    child = publishing(session, 0, "")
    assert child.stdout is not None
    for line in child.stdout:
        if int(line) == 100:
            kill()
            break
    last = killed_after(child, 200)
    start()
    assert len(arrived(lone, session)) < last


def test_control_without_a_spool_a_killed_broker_refuses(lone: Pulsar, session: str) -> None:
    clicks = Publisher(lone, send_timeout_s=1)
    clicks.publish(click(session, 0))
    clicks.flush()
    kill()
    clicks.publish(click(session, 1))
    with pytest.raises(HongbaoError, match="1 events were not taken, the first because of Timeout"):
        clicks.close()
    start()
    assert arrived(lone, session) == [0]


def left_behind(broker: Pulsar, folder: Path, session: str, numbers: range, schema: str | None = None) -> list[int]:
    """A spool that a process left with events of one shopper; gives their positions."""
    contract = schemas.load("click_event")
    spool = Spool(folder, sync=False)
    spool.begin(broker.topic("events/clicks"), schema or contract.text)
    positions = [
        spool.append("u", encoder(contract)({**click(session, number), "event_id": str(uuid4()), "sent_at": 0}))
        for number in numbers
    ]
    spool.close()
    return positions


def test_what_may_have_been_sent_before_is_sent_alone(lone: Pulsar, session: str, tmp_path: Path) -> None:
    positions = left_behind(lone, tmp_path, session, range(20))
    mark = Mark(tmp_path / "position")
    mark.sent = positions[9]
    mark.acknowledge(0)
    mark.close()
    delivered: list[Delivery] = []
    with Publisher(lone, spool=Spool(tmp_path), on_delivery=delivered.append) as clicks:
        clicks.flush()
    entries = [str(delivery.message_id).rsplit(":", 1)[0] for delivery in delivered]
    assert len(set(entries[:10])) == 10
    assert len(set(entries[10:])) == 1
    assert arrived(lone, session) == list(range(20))


def test_copy_of_a_folder_does_not_hide_its_events(lone: Pulsar, session: str, tmp_path: Path) -> None:
    left_behind(lone, tmp_path / "first", session, range(0))
    shutil.copytree(tmp_path / "first", tmp_path / "copy")
    for first, folder in ((0, "first"), (10, "copy")):
        with Publisher(lone, spool=Spool(tmp_path / folder)) as clicks:
            for number in range(first, first + 10):
                clicks.publish({**click(session, number), "user_id": "u"})
            clicks.flush()
    assert arrived(lone, session) == list(range(20))


def test_events_of_two_texts_of_the_schema_go_out_one_after_the_other(
    lone: Pulsar, session: str, tmp_path: Path
) -> None:
    spaced = json.dumps(schemas.load("click_event").definition, indent=1)
    left_behind(lone, tmp_path, session, range(10), spaced)
    left_behind(lone, tmp_path, session, range(10, 20))
    with Publisher(lone, spool=Spool(tmp_path)) as clicks:
        clicks.publish({**click(session, 20), "user_id": "u"})
        clicks.flush()
    assert arrived(lone, session) == list(range(21))


def test_what_a_process_left_goes_out_in_order_to_the_topic_of_its_tier(
    lone: Pulsar, session: str, tmp_path: Path
) -> None:
    contract = schemas.load("click_event")
    spool = Spool(tmp_path, sync=False)
    spool.begin(lone.topic(CLICKS.path), contract.text)
    for number in range(20):
        event = {**click(session, number), "event_id": str(uuid4()), "sent_at": 0}
        spool.append("u", encoder(contract)(event), topic=number % 2)
    spool.close()
    with Publisher(lone, spool=Spool(tmp_path, sync=False)) as clicks:
        for number in range(20, 40):
            tier = ("gold", "vip")[number % 2]
            clicks.publish({**click(session, number), "user_id": "u", "membership_tier": tier})
        clicks.flush()
    assert arrived(lone, session) == list(range(0, 40, 2))
    assert arrived(lone, session, CLICKS_VIP) == list(range(1, 40, 2))


def test_more_partitions_do_not_hide_what_was_never_sent(lone: Pulsar, session: str, tmp_path: Path) -> None:
    contract = schemas.load("click_event")
    events = [
        {**click(session, number), "user_id": f"u{number % 50}", "event_id": str(uuid4()), "sent_at": 0}
        for number in range(200)
    ]
    spool = Spool(tmp_path, sync=False)
    spool.begin(lone.topic("events/clicks"), contract.text)
    positions = [spool.append(event["user_id"], encoder(contract)(event)) for event in events]
    # An earlier process of fewer partitions got one shopper's last event through, and nothing of the others'.
    spool.settle(lone.click_partitions)
    outbox = Outbox(lone, [CLICKS.path], contract.text, name=spool.producer)
    assert len(outbox.taken) == lone.click_partitions
    outbox.send(encoder(contract)(events[199]), "u49", None, positions[199])
    outbox.close()
    spool.close()
    with PulsarAdmin(lone.admin_url) as admin:
        admin.call("POST", f"/persistent/{lone.tenant}/events/clicks/partitions", lone.click_partitions + 3)
    with Publisher(lone, spool=Spool(tmp_path, sync=False)) as clicks:
        clicks.flush()
    # Once, but for the one that went out under the old name as well.
    assert Counter(arrived(lone, session)) == Counter([*range(200), 199])
