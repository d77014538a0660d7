"""What the broker says of itself, asked of a real one."""

from datetime import UTC, datetime
from functools import partial

import pulsar
import pytest

from errors import CannotRun
from ingest import Delivery, Publisher
from schemas.topics import CLICKS
from settings import Pulsar
from stack.pulsar_admin import PulsarAdmin
from tests.waiting import eventually
from topics.client import connect

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def broker(shared_topics: Pulsar) -> Pulsar:
    return shared_topics


def test_position_is_what_the_subscription_has_acknowledged(broker: Pulsar) -> None:
    topic, name = broker.topic(CLICKS.path), "positions-test"
    client = connect(broker)
    consumer = client.subscribe(topic, name, initial_position=pulsar.InitialPosition.Latest)
    delivered: list[Delivery] = []
    click = {"event_type": "cart_viewed", "user_id": "u1", "session_id": "s1", "occurred_at": datetime.now(UTC)}
    with Publisher(broker, on_delivery=delivered.append) as clicks, PulsarAdmin(broker.admin_url) as admin:
        for _ in range(3):
            clicks.publish(click)
            # An entry of its own.
            clicks.flush()
        ids = [[int(part) for part in str(delivery.message_id).split(":")] for delivery in delivered]
        ledger = ids[0][0]
        positions = partial(admin.positions, topic, name)
        assert len(positions()) >= broker.click_partitions
        assert positions()[ledger] < (ids[0][0], ids[0][1])
        messages = [consumer.receive(timeout_millis=10_000) for _ in range(3)]
        consumer.acknowledge(messages[0])
        consumer.acknowledge(messages[1])
        eventually(lambda: positions()[ledger], (ids[1][0], ids[1][1]))
        with pytest.raises(CannotRun, match="partition 0 has no subscription 'nobody'"):
            admin.positions(topic, "nobody")
    consumer.unsubscribe()
    client.close()
