"""Count views with Bytewax: python -m bench.peers.bytewax COUNTS PROCESS ADDRESSES.

Bytewax 0.21.1 has no source for Pulsar, so this brings one: a partition of its own around a consumer for each of the
topic's, read in batches. COUNTS is as for bench.peers.loop; ADDRESSES are the processes' host:port with `;` between,
empty for one process. Recovery is off, there is no deduplication. Prints one JSON object: events, begun_s, ended_s,
thirds of this process.
"""

import json
import sys
import time
from collections.abc import Iterable
from typing import Any

import bytewax.operators as op
import pulsar
from bytewax import inputs, outputs
from bytewax import run as runner
from bytewax.dataflow import Dataflow

from bench.peers import views
from settings import Pulsar, read


class Partition(inputs.StatefulSourcePartition[bytes, None]):
    """One partition of the topic; it ends after so many messages."""

    def __init__(self, consumer: pulsar.Consumer, left: int) -> None:
        self._consumer, self._left = consumer, left

    def next_batch(self) -> list[bytes]:
        if self._left <= 0:
            raise StopIteration
        batch = self._consumer.batch_receive()
        if batch:
            self._consumer.acknowledge_cumulative(batch[-1])
        self._left -= len(batch)
        return [message.data() for message in batch]

    def snapshot(self) -> None:
        return None

    def close(self) -> None:
        self._consumer.unsubscribe()


class Clicks(inputs.FixedPartitionedSource[bytes, None]):
    """The topic's partitions that have something to take."""

    def __init__(self, broker: Pulsar, client: pulsar.Client, wanted: dict[int, int]) -> None:
        self._topics, self._client = views.partitions(broker, client), client
        self._wanted = {str(number): events for number, events in wanted.items() if events}
        self._name = f"bench-bytewax-{time.time_ns()}"

    def list_parts(self) -> list[str]:
        return list(self._wanted)

    def build_part(self, step_id: str, for_part: str, resume_state: None) -> Partition:
        consumer = views.subscribe(self._client, self._topics[int(for_part)], self._name)
        return Partition(consumer, self._wanted[for_part])


class Publish(outputs.DynamicSink[views.View], outputs.StatelessSinkPartition[views.View]):
    """The sink, and its only partition of this process."""

    def __init__(self, thirds: views.Thirds) -> None:
        self._thirds = thirds

    def build(self, step_id: str, worker_index: int, worker_count: int) -> "Publish":
        return self

    def write_batch(self, items: list[views.View]) -> None:
        self._thirds.publish(items)


def flow(source: Clicks, sink: Publish) -> Dataflow:
    """payloads -> views -> key: shopper and product -> count -> thirds"""
    decode = views.decoder()

    # A batch a call: one a message would be a call of Python from Rust for each.
    def keyed(payloads: list[bytes]) -> Iterable[tuple[str, views.View]]:
        return [(f"{view[0]}\0{view[1]}", view) for view in map(decode, payloads) if view is not None]

    def third(seen: int | None, view: views.View) -> tuple[int, Iterable[views.View]]:
        count = (seen or 0) + 1
        return count, (view,) if count == 3 else ()

    graph = Dataflow("thirds")
    payloads = op.input("clicks", graph, source)
    viewed: Any = op.flat_map_batch("views", payloads, keyed)
    counted = op.stateful_flat_map("count", viewed, third)
    op.output("thirds", op.flat_map_batch("without-key", counted, lambda items: [view for _, view in items]), sink)
    return graph


def count(broker: Pulsar, wanted: dict[int, int], process: int, addresses: list[str]) -> dict[str, float]:
    """Take so many messages of each partition, from the earliest on."""
    client = pulsar.Client(broker.service_url, logger=pulsar.ConsoleLogger(pulsar.LoggerLevel.Error))
    try:
        thirds = views.Thirds(broker, client)
        graph = flow(Clicks(broker, client, wanted), Publish(thirds))
        begun_s = time.time()
        run: Any = runner.cli_main
        run(graph, process_id=process if addresses else None, addresses=addresses or None)
        thirds.close()
        return {"events": sum(wanted.values()), "begun_s": begun_s, "ended_s": time.time(), "thirds": thirds.count}
    finally:
        client.close()


if __name__ == "__main__":
    counts = {int(key): value for key, value in json.loads(sys.argv[1]).items()}
    others = [address for address in sys.argv[3].split(";") if address]
    print(json.dumps(count(read(Pulsar), counts, int(sys.argv[2]), others)))
