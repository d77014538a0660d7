"""Make a simulated sale's messages: each step of a visit an event, but for the mischief of real clients.

They are made and encoded ahead by a thread; the sender only patches in the two times and sends, so that 10,000 events/s
leave most of a core to everything else.
"""

import queue
import random
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from ingest import profile, shop
from ingest.event_id import EventIds
from ingest.lane import varint
from ingest.ledger import moment
from ingest.publisher import Publisher
from settings.sections import Section

LATE_MS = (25 * 60_000, 60 * 60_000)
# Encoded ahead at most: about 60 MB.
AHEAD = 200_000
# A 2026 time in milliseconds takes six bytes as an Avro long, and will until 2109.
TIME_BYTES = 6


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


def patched(message: Message, now_ms: int) -> bytes:
    """The payload with occurred_at and sent_at set; they stand next to each other, before source and properties."""
    at = len(message.payload) - message.tail - 2 * TIME_BYTES
    times = varint(now_ms - (message.age_ms or 0) << 1) + varint(now_ms << 1)
    return message.payload[:at] + times + message.payload[at + 2 * TIME_BYTES :]


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
            tier = step["membership_tier"]
            return Message(kind, key, dice.randbytes(60), 0, None, None, None, "dead_letter", tier=tier)
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
