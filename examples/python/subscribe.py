"""Print each coupon once, as one JSON line: python subscribe.py --max 10."""

import argparse
import io
import json
import os
import sys
from contextlib import closing
from datetime import datetime
from typing import Any

import _pulsar
import fastavro
import pulsar
from pulsar.schema import Schema

# A restarted job repeats what it sent since its last checkpoint, which is far less.
REMEMBERED_IDS = 100_000


class WritersAvro(Schema):  # type: ignore[misc]
    """Decodes each message by the schema its writer registered: older and newer publishers share the topic."""

    def __init__(self) -> None:
        super().__init__(dict, _pulsar.SchemaType.BYTES, None, "BYTES")
        self._writers: dict[int, Any] = {}

    def decode_message(self, message: Any) -> dict[str, Any]:
        version = message.int_schema_version()
        if version not in self._writers:
            found = self._client.get_schema_info(message.topic_name(), version)
            self._writers[version] = fastavro.parse_schema(json.loads(found.schema()))
        coupon = fastavro.schemaless_reader(io.BytesIO(message.data()), self._writers[version], None)
        assert isinstance(coupon, dict)  # the schema is a record's
        return coupon


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    service_url = os.environ.get("HONGBAO_PULSAR_SERVICE_URL") or "pulsar://127.0.0.1:6650"
    parser.add_argument("--service-url", default=service_url)
    parser.add_argument("--topic", default="persistent://hongbao/triggers/coupons")
    parser.add_argument("--subscription", default="example-python", help="durable: coupons wait while nobody reads")
    parser.add_argument("--max", type=int, default=0, help="stop after so many coupons; 0 is never")
    options = parser.parse_args()
    try:
        follow(options.service_url, options.topic, options.subscription, options.max)
    except (KeyboardInterrupt, pulsar.Interrupted):
        pass
    # ValueError is what the client has for a URL that is none.
    except (pulsar.PulsarException, ValueError) as error:
        sys.exit(f"subscribe: cannot read {options.topic} at {options.service_url}: {error}; is the broker up?")


def follow(service_url: str, topic: str, subscription: str, most: int) -> None:
    # The default logger writes to stdout, which is for coupons.
    silent = pulsar.FileLogger(pulsar.LoggerLevel.Error, os.devnull)
    with closing(pulsar.Client(service_url, operation_timeout_seconds=5, logger=silent)) as client:
        # A second process stands by, and a shopper's coupons stay in order.
        consumer = client.subscribe(topic, subscription, pulsar.ConsumerType.Failover, schema=WritersAvro())
        print_each_once(consumer, most)


def print_each_once(consumer: pulsar.Consumer, most: int) -> None:
    seen: dict[str, None] = {}
    printed = 0
    while most == 0 or printed < most:
        message = consumer.receive()
        coupon = message.value()
        # Delivery is at least once. A real service keeps the ids beside what it does, in one transaction.
        coupon_id = str(coupon["coupon_id"])
        if coupon_id not in seen:
            print(json.dumps(coupon, default=plain, ensure_ascii=False), flush=True)
            printed += 1
            seen[coupon_id] = None
            if len(seen) > REMEMBERED_IDS:
                del seen[next(iter(seen))]
        # Only now: what crashes before this line is delivered again.
        consumer.acknowledge(message)


def plain(value: object) -> int | str:
    """What JSON has no type for: times in milliseconds since 1970, as they travel, and the coupon's id."""
    return round(value.timestamp() * 1000) if isinstance(value, datetime) else str(value)


if __name__ == "__main__":
    main()
