"""Put what a service could not handle on quarantine/undelivered, where a subscription holds it for a person."""

import time
from datetime import UTC, datetime

from coupons.message import Receipt, moment
from errors import DeliveryFailed, Unreachable
from ingest.publisher import Publisher
from schemas.topics import UNDELIVERED
from settings import Pulsar
from topics.avro import schema_version

# As for dead letters: with its record the message must fit the broker's 5 MiB.
MOST_BYTES = 4 * 1024 * 1024

# How long SIGTERM may wait for a broker that is away.
SEND_S = 5.0


class Undelivered:
    """The topic, connected when it is first needed."""

    def __init__(self, broker: Pulsar, subscription: str) -> None:
        self._broker, self._subscription = broker, subscription
        self._publisher: Publisher | None = None

    def send(self, receipt: Receipt) -> None:
        """Return when the broker has it; raises Unreachable when it does not take it."""
        try:
            if self._publisher is None:
                self._publisher = Publisher(
                    self._broker, topic=UNDELIVERED.path, record=UNDELIVERED.record, send_timeout_s=SEND_S
                )
            payload = self._publisher.encode(_record(receipt, self._subscription))
            self._publisher.send(payload, receipt.raw.partition_key() or None, receipt.message_id)
            self._publisher.flush()
        except DeliveryFailed as error:
            raise Unreachable(f"{self._broker.service_url}: {error}") from None

    def close(self) -> None:
        try:
            if self._publisher is not None:
                self._publisher.close()
        except DeliveryFailed:
            pass  # what was not taken was not acknowledged either, and comes again


def _record(receipt: Receipt, subscription: str) -> dict[str, object]:
    raw, now = receipt.raw, datetime.now(UTC)
    first_ms = receipt.first_seen_ms or time.time_ns() // 1_000_000
    return {
        "subscription": subscription,
        "topic": raw.topic_name(),
        "message_id": receipt.message_id,
        "key": raw.partition_key() or None,
        "schema_version": schema_version(raw),
        "inbox_id": receipt.message.id if receipt.message else None,
        "reason": receipt.reason,
        "attempts": receipt.attempts,
        "payload": raw.data()[:MOST_BYTES],
        "properties": raw.properties(),
        "published_at": moment(raw.publish_timestamp()),
        "first_seen_at": moment(first_ms),
        "last_seen_at": now,
    }
