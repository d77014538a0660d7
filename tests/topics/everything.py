"""Read a topic from its beginning to its end."""

from typing import Any

import pulsar

from schemas.topics import Topic
from settings import Pulsar
from topics.avro import Writers
from topics.client import connect


def everything(broker: Pulsar, topic: Topic) -> list[dict[str, Any]]:
    """Every record on the topic, partition after partition, each in its order; nothing compacted."""
    client = connect(broker)
    writers, found = Writers(client, topic.record), []
    try:
        for partition in client.get_topic_partitions(broker.topic(topic.path)):
            reader = client.create_reader(partition, pulsar.MessageId.earliest)
            while reader.has_message_available():
                found.append(writers.decode(reader.read_next(timeout_millis=10_000)))
    finally:
        client.close()
    return found
