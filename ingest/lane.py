"""Send to one partition in batches whose members are known, so that one answer of the broker settles a whole batch.

pulsar-client 3.13.0 calls Python back once a message, and each call fights the publishing thread for the interpreter:
25 of 35 µs an event (bench/publisher.py). So only a batch's first message has a callback here, and a batch ends where
we end it: the client closes one that holds `batching_max_messages`, an option it shares with us and reads anew each
time. An answer whose count is not ours (`Batch.whole`) is reported as a failure, so a client that batches otherwise
is found out, not believed.
"""

import itertools
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import _pulsar
import pulsar

# A batch is closed by us; the client's own timer must never split one.
NEVER_MS = 3_600_000
# The publisher bounds a batch's bytes.
ANY_BYTES = 1 << 31
COMPRESSIONS = {
    "none": pulsar.CompressionType.NONE,
    "lz4": pulsar.CompressionType.LZ4,
    "zstd": pulsar.CompressionType.ZSTD,
}
# What the broker says of a message that it has already: no ledger.
REPEATED = -1


class Delivery(NamedTuple):
    """What the broker said of an event.

    `message_id` is ledger:entry:partition:batch index. It is None with a `failure`, and also without one where the
    broker had the event already: a retry whose first answer was lost. `deferred`: it is on events/clicks-deferred.
    """

    event: Any
    message_id: str | None
    failure: str | None
    deferred: bool = False


class Batch:
    """Events on their way to one partition together; they are taken together or not at all."""

    __slots__ = ("answered", "bytes", "events", "first", "messages", "opened_s", "position")

    def __init__(self, opened_s: float) -> None:
        self.opened_s = opened_s
        self.messages: list[Any] = []
        self.events: list[Any] = []
        self.bytes = 0
        # Of the first event and of the last.
        self.first = self.position = -1
        self.answered = False

    @classmethod
    def taken_before(cls, event: Any, size: int) -> "Batch":
        """An event that an earlier publisher of the name got through; it is answered without being sent."""
        batch = cls(0)
        batch.events.append(event)
        batch.bytes = size
        return batch

    def whole(self, message_id: Any) -> bool:
        """Whether the answer is for as many messages as this batch has."""
        # MessageIdData's last field is 6, batch_size.
        return bool(message_id.serialize().endswith(b"\x30" + varint(len(self.events))))


Answered = Callable[["Lane", Batch, Any, Any], None]


class Lane:
    """The producer of one partition (-1: the topic has none). One thread at a time.

    Positions grow; a batch is sent under that of its last event, and the broker drops one it has seen. Of a batch
    that repeats only in part it would drop nothing (Pulsar 4.0), so what an earlier producer of the name got through,
    up to `taken`, is not sent again.
    """

    def __init__(self, client: pulsar.Client, topic: str, partition: int, options: Any, answered: Answered) -> None:
        self._partition = partition
        self._options = options
        self._answered = answered
        self._producer = client._client.create_producer(topic, options)
        # -1 without an earlier producer of this name.
        self.taken = self.position = int(self._producer.last_sequence_id())
        self.open: Batch | None = None

    def add(
        self,
        payload: bytes,
        key: str | None,
        event: Any,
        position: int | None,
        now_s: float,
        properties: Mapping[str, str] | None = None,
    ) -> Batch:
        """Put an event into the open batch; without a position it gets the next."""
        message = _pulsar.MessageBuilder().content(payload)
        if key:
            message.partition_key(key)
        for name, value in (properties or {}).items():
            message.property(name, value)
        batch = self.open
        if batch is None:
            batch = self.open = Batch(now_s)
        self.position = self.position + 1 if position is None else position
        if not batch.events:
            batch.first = self.position
        batch.position = self.position
        batch.bytes += len(payload)
        batch.events.append(event)
        batch.messages.append(message)
        return batch

    def send(self) -> None:
        """Hand the open batch to the client, which answers later, from a thread of its own."""
        batch, self.open = self.open, None
        if batch is None:
            return
        # The client sends a batch under its first message's id, so all bear the last one's (4.2 has no highest id).
        messages = [message.sequence_id(batch.position).build() for message in batch.messages]
        batch.messages.clear()

        def answer(result: Any, message_id: Any) -> None:
            batch.answered = True
            self._answered(self, batch, result, message_id)

        # The client wants a batch's count above 1; one message alone fills a batch of no bytes.
        self._options.batching_max_messages(max(2, len(messages)))
        self._options.batching_max_allowed_size_in_bytes(0 if len(messages) == 1 else ANY_BYTES)
        sending = map(self._producer.send_async, messages, itertools.chain((answer,), itertools.repeat(None)))
        interruption: BaseException | None = None
        for _ in messages:
            try:
                deque(sending, maxlen=0)
                break
            except BaseException as error:
                # Ctrl-C between two messages: the rest of the batch must follow all the same.
                interruption = error
        if interruption is not None or batch.answered:
            self._clear()
        if interruption is not None:
            raise interruption

    def _clear(self) -> None:
        """Leave nothing of a batch in the client that was answered, or interrupted, while it was handed over."""
        try:
            self._producer.flush()
        except pulsar.PulsarException:
            pass  # the batch's own callback says so

    def failure(self, batch: Batch, result: Any, message_id: Any) -> str | None:
        """Why the batch was not taken, or None; no message id is the answer for what was taken before."""
        if result != pulsar.Result.Ok:
            return str(result.name)
        if message_id is not None and not batch.whole(message_id):
            return "the client did not keep its batch together"
        return None

    def deliveries(self, batch: Batch, failure: str | None, message_id: Any) -> Iterator[Delivery]:
        """The answer, event by event."""
        if failure is not None or message_id is None or message_id.ledger_id() == REPEATED:
            return (Delivery(event, None, failure) for event in batch.events)
        entry = f"{message_id.ledger_id()}:{message_id.entry_id()}:{self._partition}:"
        return (Delivery(event, f"{entry}{index}", None) for index, event in enumerate(batch.events))


def producer_options(schema: str, name: str | None, compression: str, send_timeout_s: float) -> Callable[[], Any]:
    """Make a producer's options; every lane needs its own, because a lane changes them."""

    def make() -> Any:
        options = _pulsar.ProducerConfiguration()
        if name is not None:
            options.producer_name(name)
        options.schema(_pulsar.SchemaInfo(_pulsar.SchemaType.AVRO, "AVRO", schema))
        options.compression_type(COMPRESSIONS[compression])
        options.send_timeout_millis(int(send_timeout_s * 1000))
        # The outbox bounds what is pending; the client must not refuse before.
        options.max_pending_messages(0)
        options.batching_enabled(True)
        options.batching_max_publish_delay_ms(NEVER_MS)
        return options

    return make


def lanes(client: pulsar.Client, topic: str, options: Callable[[], Any], answered: Answered) -> list[Lane]:
    """A lane for each partition of the topic, in order."""
    partitions = client.get_topic_partitions(topic)
    if partitions == [topic]:
        return [Lane(client, topic, -1, options(), answered)]
    return [Lane(client, partition, number, options(), answered) for number, partition in enumerate(partitions)]


def varint(value: int) -> bytes:
    """A number that is not negative, as protocol buffers have it; Avro has twice it."""
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
