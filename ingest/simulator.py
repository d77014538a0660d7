"""Publish a simulated sale: visits from the shop model at a profile's rate, with the mischief of real clients."""

import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ingest import profile, shop
from ingest.lane import Delivery
from ingest.ledger import Ledger
from ingest.messages import Maker, Message, Simulation, patched
from ingest.publisher import Publisher
from ingest.spool import Spool
from settings import Deferral, Pulsar


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
    made: Maker,
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
