"""A message as a handler gets it, and as the subscriber keeps it until it is acknowledged."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pulsar

import schemas
from coupons.inbox import Key
from errors import Undeliverable, Unreachable
from schemas.rules import violation
from schemas.topics import Topic
from topics.avro import Writers

# What makes a message the same as another, by its contract.
IDS = {"coupon_trigger": "coupon_id", "click_event": "event_id", "price_trigger": "price_id"}


@dataclass(frozen=True)
class Message:
    """One decoded message.

    `kind` is the event_type of a click and the contract's name (`coupon_trigger`) of anything else. `id` is its
    coupon_id, event_id or price_id: also the key that makes an effect outside the database idempotent. `value` has
    the fields of the contract; times are UTC datetimes. `key` is the shopper (of a price the category), as the
    publisher keyed it.
    """

    kind: str
    id: str
    key: str
    value: dict[str, Any]


@dataclass
class Receipt:
    """A message in hand: what was received from whom, and what is known of its attempts."""

    raw: pulsar.Message
    consumer: pulsar.Consumer
    topic: Topic
    message: Message | None = None
    # Why no attempt can help, or why the last one did not.
    reason: str = ""
    hopeless: bool = False
    # Counted before it was handled, so that a message that kills the process is counted too.
    counted: bool = False
    attempts: int = 0
    first_seen_ms: int = 0
    retry_at_s: float = 0.0
    order_key: str = field(init=False)

    def __post_init__(self) -> None:
        # Messages without a key have no order to keep; each is its own shopper.
        self.order_key = self.raw.partition_key() or f"\0{self.raw.topic_name()} {self.message_id}"

    @property
    def message_id(self) -> str:
        """ledger:entry:partition:batch-index."""
        found = self.raw.message_id()
        return f"{found.ledger_id()}:{found.entry_id()}:{found.partition()}:{found.batch_index()}"

    def inbox_key(self, subscription: str) -> Key:
        assert self.message is not None
        return Key(subscription, self.topic.record, self.message.id)


def decoded(writers: Writers, topic: Topic, raw: pulsar.Message) -> Message:
    """The message; raises Undeliverable for bytes that are none, Unreachable when its schema cannot be asked for."""
    try:
        value = writers.decode(raw)
    except Unreachable:
        raise
    except Exception as error:
        raise Undeliverable(f"not a {topic.record} in Avro: {type(error).__name__}: {error}"[:500]) from None
    id_field = IDS[topic.record]
    # fastavro gives UUIDs; the databases and the contract's rules want text.
    value[id_field] = str(value[id_field])
    return Message(str(value.get("event_type", topic.record)), value[id_field], raw.partition_key(), value)


def check(topic: Topic, message: Message) -> None:
    """Raises Undeliverable for a message that breaks its contract.

    Its event time is not held against a clock: those rules guard watermarks, and a service that was away for a month
    must still charge.
    """
    # A price has no click's time.
    happened = message.value.get("occurred_at") or message.value["decided_at"]
    occurred_ms = int(happened.timestamp() * 1000)
    broken = violation(schemas.load(topic.record), message.value, occurred_ms)
    if broken is not None:
        raise Undeliverable(f"{topic.record}: {broken.reason}")


def moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
