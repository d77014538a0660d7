"""Publish a simulated sale: visits from the shop model at a profile's rate, with the mischief of real clients.

Events are made and encoded ahead by a thread; the sender only patches in the two times and sends, so that
10,000 events/s leave most of a core to everything else.
"""

import queue
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import Field

from ingest import profile, shop
from ingest.event_id import EventIds
from ingest.lane import Delivery
from ingest.ledger import Ledger, moment
from ingest.publisher import Publisher
from ingest.spool import Spool
from settings import Deferral, Pulsar
from settings.sections import Section


class Simulation(Section):
    """A sale. Shares are of all messages; what is left is normal."""

    profile: str = "steady=100x20s,burst=10000x20s,calm=100x20s"
    seed: int = 1
    # Half the steps of a visit are this far apart or less, at any rate.
    dwell_s: float = Field(2.0, gt=0)
    duplicate_share: float = Field(0.01, ge=0, le=0.5)
    out_of_order_share: float = Field(0.03, ge=0, le=0.5)
    # Older than any watermark and lateness: a phone that was offline for half an hour.
    late_share: float = Field(0.002, ge=0, le=0.5)
    undecodable_share: float = Field(0.0005, ge=0, le=0.5)
    rule_broken_share: float = Field(0.001, ge=0, le=0.5)


@dataclass
class Summary:
    """What was published: acknowledged messages by kind and phase, and each phase's rate in events/s."""

    published: int = 0
    failed: int = 0
    # Sent to the side topic, of those published.
    deferred: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    rates: dict[str, float] = field(default_factory=dict)
    # How far behind its due time the sender was at worst, in milliseconds.
    behind_ms: float = 0.0


@dataclass(slots=True)
class Message:
    """Bytes to send; `tail` is what follows the two times, which are patched where `age_ms` is set.

    `tier` chooses the topic.
    """

    kind: str
    key: str
    payload: bytes
    tail: int
    age_ms: int | None
    event_id: str | None
    event_type: str | None
    expected: str
    # Whose browsing it is where it may wait.
    visitor: str | None = None
    tier: str = "none"
    sequence: int = 0
    published_ms: int = 0


LATE_MS = (25 * 60_000, 60 * 60_000)
# Encoded ahead at most: about 60 MB.
AHEAD = 200_000
# A 2026 time in milliseconds takes six bytes as an Avro long, and will until 2109.
TIME_BYTES = 6


def simulate(
    simulation: Simulation,
    broker: Pulsar,
    ledger_folder: Path,
    progress: Callable[[int, str], None] = lambda _count, _phase: None,
    spool: Path | None = None,
    shoppers: shop.Shop | None = None,
    deferral: Deferral | None = None,
) -> Summary:
    """Publish the whole profile and return when the broker has answered for everything.

    With a `spool` folder the broker may be away meanwhile. Without `shoppers` they are Shop's defaults, and without a
    `deferral` nothing waits. `progress` gets the messages sent so far and the phase, about ten times a second.
    """
    phases = profile.parse(simulation.profile)
    summary, ledger = Summary(), Ledger(ledger_folder)
    acknowledged: dict[str, int] = {}

    def delivered(delivery: Delivery) -> None:
        message: Message | None = delivery.event
        if message is None:
            # An earlier process left it in the spool; its ledger is another.
            return
        # Without a message id too: the broker had it already.
        known = delivery.failure is None
        if known:
            acknowledged[message.kind] = acknowledged.get(message.kind, 0) + 1
        occurred_ms = message.published_ms - (message.age_ms or 0)
        ledger.add(
            (
                message.sequence,
                message.kind,
                message.event_id,
                message.key,
                message.event_type,
                occurred_ms,
                message.published_ms,
                known,
                delivery.message_id,
                message.expected,
                delivery.deferred,
            )
        )

    folder = Spool(spool, sync=False) if spool else None
    with Publisher(broker, spool=folder, on_delivery=delivered, deferral=deferral) as publisher:
        made = Maker(simulation, publisher, shoppers or shop.Shop())
        made.start()
        try:
            _send(publisher, made, phases, summary, progress)
        finally:
            made.stop()
        publisher.flush()
    ledger.close()
    summary.kinds = acknowledged
    summary.published, summary.deferred = sum(acknowledged.values()), publisher.deferred
    return summary


def _send(
    publisher: Publisher,
    made: "Maker",
    phases: list[profile.Phase],
    summary: Summary,
    progress: Callable[[int, str], None],
) -> None:
    recent: deque[Message] = deque(maxlen=200)
    dice = random.Random(made.seed + 1)
    started, told, phase_of = time.monotonic(), 0.0, ""
    sent_by_phase: dict[str, list[float]] = {}
    for sequence, (phase, due_s, _rate) in enumerate(profile.schedule(phases)):
        now_s = time.monotonic() - started
        if due_s > now_s:
            time.sleep(due_s - now_s)
            now_s = due_s
        summary.behind_ms = max(summary.behind_ms, (now_s - due_s) * 1000)
        message = made.next()
        message.published_ms = time.time_ns() // 1_000_000
        if message.kind == "duplicate" and recent:
            first = dice.choice(recent)
            message.key, message.payload, message.event_id = first.key, first.payload, first.event_id
            message.visitor = first.visitor
            message.event_type, message.age_ms = first.event_type, message.published_ms - first.published_ms
            message.tier = first.tier
        elif message.age_ms is not None:
            if message.kind == "duplicate":
                # Nothing was sent yet that it could repeat.
                message.kind, message.expected = "normal", "landed"
            message.payload = patched(message, message.published_ms)
        message.sequence = sequence
        publisher.send(message.payload, message.key or None, message, visitor=message.visitor, tier=message.tier)
        if message.kind == "normal":
            recent.append(message)
        span = sent_by_phase.setdefault(phase, [now_s, now_s, 0])
        span[1], span[2] = now_s, span[2] + 1
        if now_s - told > 0.1 or phase != phase_of:
            told, phase_of = now_s, phase
            progress(sequence + 1, phase)
    summary.rates = {name: count / max(last - first, 1e-9) for name, (first, last, count) in sent_by_phase.items()}


def patched(message: Message, now_ms: int) -> bytes:
    """The payload with occurred_at and sent_at set; they stand next to each other, before source and properties."""
    at = len(message.payload) - message.tail - 2 * TIME_BYTES
    times = zigzag(now_ms - (message.age_ms or 0)) + zigzag(now_ms)
    return message.payload[:at] + times + message.payload[at + 2 * TIME_BYTES :]


def zigzag(value: int) -> bytes:
    """A non-negative Avro long."""
    value <<= 1
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


class Maker:
    """Make messages ahead of the sender, in a thread of its own."""

    def __init__(self, simulation: Simulation, publisher: Publisher, shoppers: shop.Shop) -> None:
        self.seed = simulation.seed
        self._simulation = simulation
        self._publisher = publisher
        self._shoppers = shoppers
        self._ready: queue.Queue[Message | BaseException] = queue.Queue(AHEAD)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="maker", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        while not self._ready.empty():
            self._ready.get_nowait()
        self._thread.join()

    def next(self) -> Message:
        made = self._ready.get()
        if isinstance(made, BaseException):
            raise made
        return made

    def _run(self) -> None:
        try:
            for message in messages(self._simulation, self._publisher, self._shoppers):
                if self._stopped.is_set():
                    return
                self._ready.put(message)
        except BaseException as error:
            self._ready.put(error)


def messages(simulation: Simulation, publisher: Publisher, shoppers: shop.Shop) -> Iterator[Message]:
    """The sale's messages in order, the same for the same seed but for ids and times."""
    dice = random.Random(simulation.seed)
    ids = EventIds(random.Random(simulation.seed))
    arrivals = shop.visits(shoppers, simulation.seed)
    rates = (rate for _, _, rate in profile.schedule(profile.parse(simulation.profile)))
    active: list[deque[shop.Step]] = []
    tails = {source: len(source) + 2 for source in (*shop.SOURCES, "mini_program")}
    for rate in rates:
        # As many visits at once as make each visit's steps `dwell_s` apart; the others have left.
        wanted = max(1, int(rate * simulation.dwell_s))
        while len(active) > wanted:
            active.pop()
        if len(active) < wanted:
            active.append(deque(next(arrivals)))
        chosen = dice.randrange(len(active))
        visit = active[chosen]
        step = visit.popleft()
        if not visit:
            active[chosen] = active[-1]
            active.pop()
        yield _message(simulation, publisher, dice, ids, step, tails)


def _message(
    simulation: Simulation,
    publisher: Publisher,
    dice: random.Random,
    ids: EventIds,
    step: shop.Step,
    tails: dict[str, int],
) -> Message:
    key = step["user_id"] or step["anonymous_id"]
    roll = dice.random()
    kind, age_ms, expected = "normal", 0, "landed"
    for name, share in (
        ("duplicate", simulation.duplicate_share),
        ("out_of_order", simulation.out_of_order_share),
        ("late", simulation.late_share),
        ("undecodable", simulation.undecodable_share),
        ("rule_broken", simulation.rule_broken_share),
    ):
        if roll < share:
            kind = name
            break
        roll -= share
    match kind:
        case "undecodable":
            return Message(kind, key, dice.randbytes(60), 0, None, None, None, "dead_letter", step["membership_tier"])
        case "duplicate":
            expected = "duplicate"
        case "out_of_order":
            age_ms = dice.randrange(1, 4_000)
        case "late":
            age_ms = dice.randrange(*LATE_MS)
        case "rule_broken":
            expected = "dead_letter"
            step = {**step, **dice.choice(BROKEN)}
    event_id = ids.next()
    now = moment(time.time_ns() // 1_000_000)
    payload = publisher.encode({**step, "event_id": event_id, "occurred_at": now, "sent_at": now})
    tail = tails[step["source"]] if step["source"] in tails else len(step["source"]) + 2
    visitor, tier = publisher.visitor(step), step["membership_tier"]
    return Message(kind, key, payload, tail, age_ms, event_id, step["event_type"], expected, visitor, tier)


# Each breaks one rule of the contract.
BROKEN: tuple[dict[str, Any], ...] = (
    {"event_type": "product_teleported"},
    {"quantity": 0},
    {"price_minor": -1},
    {"currency": "yuan"},
    {"membership_tier": "platinum"},
)
