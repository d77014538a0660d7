"""Charge every line of an order once, and give back what is refunded or cancelled, never more than was charged.

events/clicks: order_completed -> charges, a row a line; what an order costs is the sum of its lines
               order_refunded  -> refunds: price x quantity where it names both, else all that is left of the order
               order_cancelled -> refunds: all that is left, and of lines that come later each at once

A payment provider is outside the database. Call it from a process that reads `charges` and `refunds`, and give it the
event_id as its idempotency key: it then moves the money once however often it is called.
"""

from coupons import Effects, Handler, Message
from schemas.topics import CLICKS, CLICKS_VIP
from services import orders as known
from services.run import main
from settings import Services

TOPICS = (CLICKS_VIP, CLICKS)
TABLES = (
    """
    CREATE TABLE IF NOT EXISTS charges (
        event_id TEXT PRIMARY KEY, order_id TEXT NOT NULL, shopper_id TEXT NOT NULL,
        amount_minor BIGINT NOT NULL CHECK (amount_minor >= 0), currency TEXT)
    """,
    "CREATE INDEX IF NOT EXISTS charges_by_order ON charges (order_id)",
    """
    CREATE TABLE IF NOT EXISTS refunds (
        event_id TEXT PRIMARY KEY, order_id TEXT NOT NULL, amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
        reason TEXT NOT NULL CHECK (reason IN ('refunded', 'cancelled')))
    """,
    "CREATE INDEX IF NOT EXISTS refunds_by_order ON refunds (order_id)",
    *known.TABLES,
)


def handlers(config: Services) -> dict[str, Handler]:
    return {"order_completed": charge, "order_refunded": refund, "order_cancelled": cancel}


def charge(effects: Effects, message: Message) -> None:
    # An order of several products is one event a product, all with its order_id: the event is what is paid once.
    line = message.value
    amount_minor = line["price_minor"] * line["quantity"]
    effects.execute(
        "INSERT INTO charges VALUES (:event_id, :order_id, :shopper_id, :amount_minor, :currency)",
        event_id=message.id,
        order_id=line["order_id"],
        shopper_id=message.key,
        amount_minor=amount_minor,
        currency=line["currency"],
    )
    if known.add_line(effects, "payment", line["order_id"], message.id):
        give_back(effects, message, amount_minor, "cancelled")


def refund(effects: Effects, message: Message) -> None:
    known.hold(effects, "payment", message.value["order_id"])
    give_back(effects, message, asked_minor(message), "refunded")


def cancel(effects: Effects, message: Message) -> None:
    known.cancel(effects, "payment", message.value["order_id"])
    give_back(effects, message, None, "cancelled")


def asked_minor(message: Message) -> int | None:
    """What a refund names; None for the whole order."""
    price_minor, quantity = message.value["price_minor"], message.value["quantity"]
    return None if price_minor is None or quantity is None else price_minor * quantity


def give_back(effects: Effects, message: Message, asked: int | None, reason: str) -> None:
    """Refund as much of what is asked, or of everything, as was charged for the order and is not given back yet."""
    order_id = message.value["order_id"]
    amounts = effects.execute("SELECT amount_minor FROM charges WHERE order_id = :order_id", order_id=order_id)
    given = effects.execute("SELECT amount_minor FROM refunds WHERE order_id = :order_id", order_id=order_id)
    left_minor = sum(int(amount) for (amount,) in amounts) - sum(int(amount) for (amount,) in given)
    amount_minor = left_minor if asked is None else min(asked, left_minor)
    if amount_minor > 0:
        effects.execute(
            "INSERT INTO refunds VALUES (:event_id, :order_id, :amount_minor, :reason)",
            event_id=message.id,
            order_id=order_id,
            amount_minor=amount_minor,
            reason=reason,
        )


def orders(effects: Effects) -> dict[str, int]:
    """What each order was charged, less what was given back, in minor units, by order_id."""
    query = """
        SELECT order_id, CAST(sum(amount_minor) AS BIGINT) FROM (
            SELECT order_id, amount_minor FROM charges
            UNION ALL SELECT order_id, -amount_minor FROM refunds
        ) AS moved GROUP BY order_id
    """
    return dict(effects.execute(query))


if __name__ == "__main__":
    main("payment")
