"""Take messages from several topics, the first before the others, and let none of the others starve."""

from collections.abc import Iterator, Sequence

import pulsar

from coupons.message import Receipt
from errors import CannotRun, Unreachable
from schemas.topics import Topic
from settings import Pulsar

# What a consumer fetches ahead, shared by the partitions of its topic.
AHEAD = 1_000
# How late a message of a lower lane may be seen when nothing at all was there.
POLL_MS = 10


class Turns:
    """Whose turn it is among `count` lanes: the first that has a message, but a lane that was passed over
    `most_in_a_row` times goes first."""

    def __init__(self, count: int, most_in_a_row: int) -> None:
        self._most_in_a_row = most_in_a_row
        self._passed_over = [0] * count

    def order(self) -> Iterator[int]:
        """The lanes to ask for a message, until one has one."""
        lanes = range(len(self._passed_over))
        waiting = [lane for lane in lanes if self._passed_over[lane] >= self._most_in_a_row]
        yield from waiting
        yield from (lane for lane in lanes if lane not in waiting)

    def empty(self, lane: int) -> None:
        """Nobody waits there."""
        self._passed_over[lane] = 0

    def took(self, lane: int) -> None:
        self._passed_over[lane] = 0
        for lower in range(lane + 1, len(self._passed_over)):
            self._passed_over[lower] += 1


class Lanes:
    """One consumer a topic, in order of priority, all with the same subscription.

    The subscription is Failover: one process at a time reads a partition, so a shopper's messages come in order.
    Key_Shared would not keep that: it goes by the key of a batch's first message, and publishers batch by partition.
    A subscription that is new begins with the oldest message the topic has.
    """

    def __init__(
        self, client: pulsar.Client, broker: Pulsar, topics: Sequence[Topic], subscription: str, most_in_a_row: int
    ) -> None:
        self._topics = topics
        self._consumers = [_subscribe(client, broker.topic(topic.path), subscription) for topic in topics]
        self._turns = Turns(len(topics), most_in_a_row)
        self._asked = 0

    def take(self) -> Receipt | None:
        """The next message that is there already, or None."""
        for lane in self._turns.order():
            receipt = self._receive(lane, 0)
            if receipt is not None:
                self._turns.took(lane)
                return receipt
            self._turns.empty(lane)
        return None

    def wait(self) -> Receipt | None:
        """Wait a moment for a message, in one lane after the other."""
        self._asked = (self._asked + 1) % len(self._consumers)
        return self._receive(self._asked, POLL_MS)

    def _receive(self, lane: int, timeout_ms: int) -> Receipt | None:
        try:
            raw = self._consumers[lane].receive(timeout_millis=timeout_ms)
        except pulsar.Timeout:
            return None
        except pulsar.PulsarException as error:
            raise CannotRun(f"{self._topics[lane].path}: cannot receive any more: {error}; start again") from None
        return Receipt(raw, self._consumers[lane], self._topics[lane])


def acknowledge(receipt: Receipt) -> None:
    """Tell the broker; where it is away the message comes again, and the inbox knows it."""
    try:
        receipt.consumer.acknowledge(receipt.raw)
    except pulsar.PulsarException:
        pass


def _subscribe(client: pulsar.Client, topic: str, subscription: str) -> pulsar.Consumer:
    try:
        return client.subscribe(
            topic,
            subscription,
            consumer_type=pulsar.ConsumerType.Failover,
            initial_position=pulsar.InitialPosition.Earliest,
            receiver_queue_size=AHEAD,
            max_total_receiver_queue_size_across_partitions=AHEAD,
        )
    except pulsar.PulsarException as error:
        raise Unreachable(
            f"cannot subscribe {subscription} to {topic}: {error}; is the stack up? hongbao up starts it"
        ) from None
