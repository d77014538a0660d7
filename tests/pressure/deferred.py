"""Anonymous browsing on the side topic, and a mover of it beside an empty warehouse."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pressure.moved import MovedBook
from pressure.mover import Mover
from schemas.topics import DEFERRED
from settings import Pulsar
from stack.pulsar_admin import PulsarAdmin
from stack.topics import MOVER


def event(who: str, number: int, event_type: str = "product_viewed") -> dict[str, Any]:
    """The `number`th event of an anonymous visitor."""
    order = {"order_id": "o1", "quantity": 1} if event_type == "order_completed" else {}
    return {
        "event_type": event_type,
        "anonymous_id": who,
        "session_id": "s1",
        "product_id": str(number),
        "price_minor": 1,
        "occurred_at": datetime.now(UTC),
        **order,
    }


def moving(broker: Pulsar, folder: Path) -> Mover:
    """A mover beside a warehouse that is empty."""
    return Mover(
        broker,
        MovedBook(folder),
        lambda ids: set(),
        lateness=timedelta(minutes=15),
        horizon=timedelta(hours=1),
        per_second=100_000,
    )


def waiting(broker: Pulsar) -> int:
    with PulsarAdmin(broker.admin_url) as admin:
        return admin.backlog(broker.topic(DEFERRED.path), MOVER)


def run(mover: Mover, broker: Pulsar) -> Any:
    return mover.run(calm=lambda: True, empty=lambda: waiting(broker) == 0, stopped=threading.Event())
