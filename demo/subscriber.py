"""Subscribe to the coupons as a service would, and note when each arrived: python -m demo.subscriber FILE.

An independent process, so that the latency it reports has crossed everything a customer's would.
Each line of FILE: coupon_id, rule, due_ms, received_ms, the times of the stages, all in milliseconds, and what the
coupon says of its campaign.
"""

import json
import signal
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType

import pulsar

from schemas.topics import COUPONS
from settings import Pulsar, read
from topics.avro import Writers
from topics.client import connect

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
STAGES = ("occurred_at", "published_at", "due_at", "read_at", "decided_at", "sent_at")
OF_CAMPAIGN = ("campaign_id", "campaign_version", "shopper_id", "lane", "cost_minor", "kind", "offer")


def receive(file: Path, broker: Pulsar) -> None:
    """Append a line per receipt until SIGTERM; prints `ready` once the subscription exists."""
    stopping = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    client = connect(broker)
    writers = Writers(client, COUPONS.record)
    consumer = client.subscribe(
        broker.topic(COUPONS.path), f"demo-{time.time_ns()}", initial_position=pulsar.InitialPosition.Latest
    )
    print("ready", flush=True)
    try:
        with file.open("w", encoding="utf-8", buffering=1) as receipts:
            while not stopping:
                try:
                    message = consumer.receive(timeout_millis=200)
                except pulsar.Timeout:
                    continue
                received_ms = time.time_ns() // 1_000_000
                coupon = writers.decode(message)
                stages = {stage.replace("_at", "_ms"): _milliseconds(coupon[stage]) for stage in STAGES}
                line = {"coupon_id": str(coupon["coupon_id"]), "rule": coupon["rule"], "received_ms": received_ms}
                campaign = {name: coupon[name] for name in OF_CAMPAIGN}
                receipts.write(json.dumps({**line, **stages, **campaign}) + "\n")
                consumer.acknowledge(message)
        consumer.unsubscribe()
    finally:
        client.close()


def _milliseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(milliseconds=1)


if __name__ == "__main__":
    receive(Path(sys.argv[1]), read(Pulsar))
