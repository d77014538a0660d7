"""The topic of the bids: make it, register its contract, publish to it."""

import json
from pathlib import Path

import fastavro

from bench.nexmark import bids
from errors import CannotRun
from ingest.outbox import Outbox
from schemas.contract import Contract
from schemas.encoder import encoder
from schemas.registry import register_one
from schemas.topics import Topic
from settings import Pulsar
from stack.pulsar_admin import PulsarAdmin
from stack.topics import CONFLICT

PATH = "events/bids"
_DEFINITION = json.loads(Path(__file__).with_name("bid.avsc").read_text(encoding="utf-8"))
CONTRACT = Contract("bid", _DEFINITION, fastavro.parse_schema(_DEFINITION))
# Keeps every message while the queries come and go.
KEEPER = "bench-keeper"


def publish(broker: Pulsar, count: int, partitions: int) -> None:
    """Put so many bids on a new topic, one by one to its partitions in turn; raises CannotRun unless all arrive."""
    topic = broker.topic(PATH)
    path = f"/{topic.replace('://', '/')}"
    with PulsarAdmin(broker.admin_url) as admin:
        admin.call("PUT", f"{path}/partitions", partitions)
        register_one(broker, Topic(PATH, CONTRACT.name, partitions, "none"), CONTRACT)
        admin.call("PUT", f"{path}/subscription/{KEEPER}", "earliest", accept=(CONFLICT,))
        outbox, encode = Outbox(broker, [PATH], CONTRACT.text), encoder(CONTRACT)
        try:
            for bid in bids.records(count):
                outbox.send(encode(bid), None, None)
            outbox.flush()
        finally:
            outbox.close()
        if (found := int(admin.stats(topic)["msgInCounter"])) != count:
            raise CannotRun(f"bench: {found:,} of {count:,} bids are on {topic}")
