"""Give each coupon its effect in a database: python -m drills.subscriber FOLDER INBOX.

The effect is a row of FOLDER/effects.db with the time of the receipt. With INBOX `on` it is written by the library
`coupons`, in one transaction with the inbox; `off` writes it first and acknowledges then, as services without one do.
"""

import sqlite3
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pulsar

from coupons import Effects, Inbox, Message, Subscriber
from schemas.topics import COUPONS
from settings import Pulsar, Subscribers, read
from topics.avro import Writers
from topics.client import connect

SUBSCRIPTION = "drill"
TABLE = """
CREATE TABLE IF NOT EXISTS effects (
    coupon_id TEXT NOT NULL, due_ms BIGINT NOT NULL, received_ms BIGINT NOT NULL, campaign_id TEXT NOT NULL,
    shopper_id TEXT NOT NULL, membership_tier TEXT NOT NULL, cause_event_id TEXT NOT NULL, offer TEXT NOT NULL,
    kind TEXT NOT NULL)
"""
INSERT = """
INSERT INTO effects
VALUES (
    :coupon_id, :due_ms, :received_ms, :campaign_id, :shopper_id, :membership_tier, :cause_event_id, :offer, :kind)
"""
OF_COUPON = ("coupon_id", "campaign_id", "shopper_id", "membership_tier", "cause_event_id", "offer", "kind")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def with_inbox(file: Path) -> None:
    def give(effects: Effects, message: Message) -> None:
        effects.execute(INSERT, **_effect(message.value))

    handlers = {"coupon_trigger": give}
    inbox = Inbox(f"sqlite:{file}", [TABLE])
    subscriber = Subscriber(
        read(Pulsar),
        topics=[COUPONS],
        subscription=SUBSCRIPTION,
        inbox=inbox,
        handlers=handlers,
        config=read(Subscribers),
    )
    subscriber.run(ready=lambda: print("ready", flush=True))


def without_inbox(file: Path) -> None:
    broker = read(Pulsar)
    database = sqlite3.connect(file, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute(TABLE)
    client = connect(broker)
    writers = Writers(client, COUPONS.record)
    consumer = client.subscribe(
        broker.topic(COUPONS.path), SUBSCRIPTION, initial_position=pulsar.InitialPosition.Earliest
    )
    print("ready", flush=True)
    while True:
        message = consumer.receive()
        values = _effect(writers.decode(message))
        database.execute(INSERT, values)
        consumer.acknowledge(message)


def _effect(coupon: dict[str, Any]) -> dict[str, Any]:
    due_ms = (coupon["due_at"] - EPOCH) // timedelta(milliseconds=1)
    named = {name: str(coupon[name]) for name in OF_COUPON}
    return {**named, "due_ms": due_ms, "received_ms": time.time_ns() // 1_000_000}


if __name__ == "__main__":
    (with_inbox if sys.argv[2] == "on" else without_inbox)(Path(sys.argv[1]) / "effects.db")
