"""Charge every line of an order once.

events/clicks: order_completed -> charges, a row a line; what an order costs is the sum of its lines

A payment provider is outside the database. Call it from a process that reads `charges`, and give it the event_id as
its idempotency key: it then charges once however often it is called.
"""

from coupons import Effects, Handler, Message
from schemas.topics import CLICKS
from services.run import main
from settings import Services

TOPICS = (CLICKS,)
TABLES = (
    """
    CREATE TABLE IF NOT EXISTS charges (
        event_id TEXT PRIMARY KEY, order_id TEXT NOT NULL, shopper_id TEXT NOT NULL,
        amount_minor BIGINT NOT NULL CHECK (amount_minor >= 0), currency TEXT)
    """,
    "CREATE INDEX IF NOT EXISTS charges_by_order ON charges (order_id)",
)


def handlers(config: Services) -> dict[str, Handler]:
    return {"order_completed": charge}


def charge(effects: Effects, message: Message) -> None:
    # An order of several products is one event a product, all with its order_id: the event is what is paid once.
    line = message.value
    effects.execute(
        "INSERT INTO charges VALUES (:event_id, :order_id, :shopper_id, :amount_minor, :currency)",
        event_id=message.id,
        order_id=line["order_id"],
        shopper_id=message.key,
        amount_minor=line["price_minor"] * line["quantity"],
        currency=line["currency"],
    )


def orders(effects: Effects) -> dict[str, int]:
    """What each order was charged, in minor units, by order_id."""
    return dict(effects.execute("SELECT order_id, CAST(sum(amount_minor) AS BIGINT) FROM charges GROUP BY order_id"))


if __name__ == "__main__":
    main("payment")
