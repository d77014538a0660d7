"""Be the shoppers whom a coupon convinces: python -m demo.responder BOOK CHANCES.

triggers/coupons -> drawn by chance -> BOOK (SQLite) -> some seconds later order_completed on events/clicks

CHANCES is a JSON object of campaign and the probability that one of its coupons leads to an order that would not have
been. BOOK says which did: a simulation knows what an analyst can only estimate.
"""

import json
import random
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from coupons import Effects, Handler, Inbox, Message, Subscriber
from coupons.database import Database
from errors import Unreachable
from ingest import Publisher
from ingest.event_id import EventIds
from schemas.topics import COUPONS
from settings import Pulsar, Subscribers, read

TABLE = """
    CREATE TABLE IF NOT EXISTS responses (
        coupon_id TEXT PRIMARY KEY, campaign_id TEXT NOT NULL, shopper_id TEXT NOT NULL, tier TEXT NOT NULL,
        product_id TEXT NOT NULL, event_id TEXT NOT NULL, due_ms BIGINT NOT NULL, sent_ms BIGINT)
    """
# A visitor of a demo does not wait for people to make up their minds.
HESITATES_MS = (1_000, 3_000)
AGAIN_S = 0.1
PRICE_MINOR = 9_900
ANY_PRODUCT = "product-0001"


class Response(NamedTuple):
    """An order to come of a shopper whom a coupon convinced."""

    coupon_id: str
    campaign_id: str
    shopper_id: str
    tier: str
    product_id: str
    event_id: str
    due_ms: int


def responds(coupon_id: str, chance: float) -> bool:
    """Whether this coupon convinces; the same whenever it is asked."""
    return random.Random(f"responds {coupon_id}").random() < chance


def order(response: Response, now_ms: int) -> dict[str, Any]:
    """The event of the order, by the clicks' contract."""
    signed_in = response.shopper_id.startswith("user-")
    return {
        "event_id": response.event_id,
        "event_type": "order_completed",
        "user_id" if signed_in else "anonymous_id": response.shopper_id,
        "session_id": f"response-{response.coupon_id}",
        "product_id": response.product_id,
        "order_id": f"response-{response.coupon_id}",
        "quantity": 1,
        "price_minor": PRICE_MINOR,
        "currency": "CNY",
        "membership_tier": response.tier,
        "coupon_id": response.coupon_id,
        "source": "app",
        "occurred_at": now_ms,
    }


def convinced(chances: Mapping[str, float]) -> Handler:
    """Write each coupon that convinces into the book; the library calls it once a coupon."""
    ids = EventIds()

    def decide(effects: Effects, message: Message) -> None:
        coupon, now_ms = message.value, time.time_ns() // 1_000_000
        if not responds(message.id, chances.get(coupon["campaign_id"], 0.0)):
            return
        effects.execute(
            """
            INSERT INTO responses
            VALUES (:coupon_id, :campaign_id, :shopper_id, :tier, :product_id, :event_id, :due_ms, NULL)
            """,
            coupon_id=message.id,
            campaign_id=coupon["campaign_id"],
            shopper_id=message.key,
            tier=coupon["membership_tier"],
            product_id=coupon["product_id"] or ANY_PRODUCT,
            event_id=ids.next(now_ms),
            due_ms=now_ms + random.randint(*HESITATES_MS),
        )

    return decide


def send_due(book: Database, clicks: Publisher, until_ms: int) -> None:
    """Publish what is due and not known to be published. The id is the book's: once more would be a duplicate."""
    query = """
        SELECT coupon_id, campaign_id, shopper_id, tier, product_id, event_id, due_ms
        FROM responses WHERE sent_ms IS NULL AND due_ms <= :until_ms
        """
    with book.transaction(write=False) as effects:
        due = [Response(*row) for row in effects.execute(query, until_ms=until_ms)]
    if not due:
        return
    now_ms = time.time_ns() // 1_000_000
    for response in due:
        clicks.publish(order(response, now_ms))
    clicks.flush()
    with book.transaction() as effects:
        for response in due:
            mark = "UPDATE responses SET sent_ms = :now_ms WHERE coupon_id = :coupon_id"
            effects.execute(mark, now_ms=now_ms, coupon_id=response.coupon_id)


def responses(book: Path) -> list[dict[str, Any]]:
    """Each order that a coupon led to: coupon_id, campaign_id, shopper_id, and sent_ms, None before it is published."""
    names = ("coupon_id", "campaign_id", "shopper_id", "sent_ms")
    with closing(sqlite3.connect(f"{book.as_uri()}?mode=ro", uri=True, timeout=5)) as database:
        rows = database.execute("SELECT coupon_id, campaign_id, shopper_id, sent_ms FROM responses").fetchall()
    return [dict(zip(names, row, strict=True)) for row in rows]


def run(file: Path, chances: Mapping[str, float]) -> None:
    """Until SIGTERM; prints `ready` once the subscription exists."""
    broker = read(Pulsar)
    subscriber = Subscriber(
        broker,
        topics=[COUPONS],
        subscription="demo-responder",
        inbox=Inbox(f"sqlite:{file}", [TABLE]),
        handlers={"coupon_trigger": convinced(chances)},
        config=read(Subscribers),
    )
    with Publisher(broker) as clicks, _sending(file, clicks):
        subscriber.run(ready=lambda: print("ready", flush=True))


@contextmanager
def _sending(file: Path, clicks: Publisher) -> Iterator[None]:
    """Send what falls due for as long as the block runs, in a thread with a connection of its own."""
    stopped = threading.Event()

    def send() -> None:
        book = Database(f"sqlite:{file}", [TABLE])
        while not stopped.wait(AGAIN_S):
            try:
                send_due(book, clicks, time.time_ns() // 1_000_000)
            except Unreachable:
                pass  # the subscriber has the file in hand: again in a moment
        book.close()

    thread = threading.Thread(target=send, name="sender")
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


if __name__ == "__main__":
    run(Path(sys.argv[1]), json.loads(sys.argv[2]))
