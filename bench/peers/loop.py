"""Count views in a loop around pulsar-client: python -m bench.peers.loop COUNTS.

COUNTS: a JSON object of how many messages to take from each partition by number; two processes share the topic so.
State is a dict; there is no fault tolerance and no deduplication. Prints one JSON object: events, begun_s and ended_s
by the clock, thirds.
"""

import json
import sys
import time
from collections import defaultdict

import pulsar

from bench.peers import views
from settings import Pulsar, read


def count(broker: Pulsar, wanted: dict[int, int]) -> dict[str, float]:
    """Take so many messages of each partition, from the earliest on."""
    client = pulsar.Client(broker.service_url, logger=pulsar.ConsoleLogger(pulsar.LoggerLevel.Error))
    try:
        thirds, decode = views.Thirds(broker, client), views.decoder()
        seen: defaultdict[tuple[str, str], int] = defaultdict(int)
        topics = views.partitions(broker, client)
        name = f"bench-loop-{time.time_ns()}"
        left = {number: events for number, events in wanted.items() if events}
        consumers = {number: views.subscribe(client, topics[number], name) for number in left}
        begun_s, events = time.time(), 0
        while left:
            for number in list(left):
                batch = consumers[number].batch_receive()
                if not batch:
                    continue
                third = []
                for message in batch:
                    view = decode(message.data())
                    if view is not None:
                        seen[view] += 1
                        if seen[view] == 3:
                            third.append(view)
                thirds.publish(third)
                consumers[number].acknowledge_cumulative(batch[-1])
                events += len(batch)
                left[number] -= len(batch)
                if left[number] <= 0:
                    del left[number]
        thirds.close()
        ended_s = time.time()
        for consumer in consumers.values():
            consumer.unsubscribe()
        return {"events": events, "begun_s": begun_s, "ended_s": ended_s, "thirds": thirds.count}
    finally:
        client.close()


if __name__ == "__main__":
    print(json.dumps(count(read(Pulsar), {int(key): value for key, value in json.loads(sys.argv[1]).items()})))
