"""Reserve what is ordered and what is won, and never more than there is.

triggers/coupons of kind prize      -> won, one piece of what the offer is called
events/clicks: order_completed      -> reservations, reserved or out_of_stock; stock falls by what was reserved
               red_envelope_claimed -> the same, for one piece of the prize
               order_cancelled      -> returned: what the order had reserved is stock again

A refund returns nothing here: what came back, and is as good as new, somebody puts there (`put`).
"""

from coupons import Effects, Handler, Message
from schemas.topics import CLICKS, CLICKS_VIP, COUPONS
from services import orders
from services.run import main
from settings import Services

TOPICS = (COUPONS, CLICKS_VIP, CLICKS)
TABLES = (
    "CREATE TABLE IF NOT EXISTS stock (product_id TEXT PRIMARY KEY, pieces BIGINT NOT NULL CHECK (pieces >= 0))",
    """
    CREATE TABLE IF NOT EXISTS reservations (
        event_id TEXT PRIMARY KEY, product_id TEXT NOT NULL, pieces BIGINT NOT NULL CHECK (pieces > 0),
        purpose TEXT NOT NULL CHECK (purpose IN ('order', 'prize')),
        outcome TEXT NOT NULL CHECK (outcome IN ('reserved', 'out_of_stock')))
    """,
    """
    CREATE TABLE IF NOT EXISTS won (
        coupon_id TEXT PRIMARY KEY, shopper_id TEXT NOT NULL, product_id TEXT NOT NULL,
        outcome TEXT NOT NULL CHECK (outcome IN ('reserved', 'out_of_stock')))
    """,
    # By the event_id of the reservation.
    "CREATE TABLE IF NOT EXISTS returned (event_id TEXT PRIMARY KEY, product_id TEXT NOT NULL, pieces BIGINT NOT NULL)",
    *orders.TABLES,
)


def handlers(config: Services) -> dict[str, Handler]:
    def order(effects: Effects, message: Message) -> None:
        product_id, pieces = message.value["product_id"], message.value["quantity"]
        reserve(effects, message.id, product_id, pieces, "order", config.first_stock)
        if orders.add_line(effects, "inventory", message.value["order_id"], message.id):
            give_back(effects, message.value["order_id"])

    def prize(effects: Effects, message: Message) -> None:
        product_id = message.value["product_id"] or config.prize
        reserve(effects, message.id, product_id, 1, "prize", config.first_stock)

    def trigger(effects: Effects, message: Message) -> None:
        if message.value["kind"] == "prize":
            win(effects, message, config.first_stock)

    return {
        "coupon_trigger": trigger,
        "order_completed": order,
        "red_envelope_claimed": prize,
        "order_cancelled": cancel,
    }


def cancel(effects: Effects, message: Message) -> None:
    orders.cancel(effects, "inventory", message.value["order_id"])
    give_back(effects, message.value["order_id"])


def give_back(effects: Effects, order_id: str) -> None:
    """Make stock again of what the order has reserved and not returned yet."""
    back = effects.execute(
        """
        INSERT INTO returned
        SELECT event_id, product_id, pieces FROM reservations
        WHERE outcome = 'reserved' AND event_id IN (
            SELECT event_id FROM order_lines WHERE service = 'inventory' AND order_id = :order_id)
        ON CONFLICT DO NOTHING
        RETURNING product_id, pieces
        """,
        order_id=order_id,
    )
    for product_id, pieces in back:
        effects.execute(
            "UPDATE stock SET pieces = pieces + :pieces WHERE product_id = :product_id",
            product_id=product_id,
            pieces=pieces,
        )


def win(effects: Effects, message: Message, first_stock: int) -> None:
    product_id = message.value["offer"]
    effects.execute(
        "INSERT INTO won VALUES (:coupon_id, :shopper_id, :product_id, :outcome)",
        coupon_id=message.id,
        shopper_id=message.value["shopper_id"],
        product_id=product_id,
        outcome=take(effects, product_id, 1, first_stock),
    )


def reserve(effects: Effects, event_id: str, product_id: str, pieces: int, purpose: str, first_stock: int) -> None:
    """Take the pieces; what cannot be served is recorded too, so that somebody can say so."""
    effects.execute(
        "INSERT INTO reservations VALUES (:event_id, :product_id, :pieces, :purpose, :outcome)",
        event_id=event_id,
        product_id=product_id,
        pieces=pieces,
        purpose=purpose,
        outcome=take(effects, product_id, pieces, first_stock),
    )


def take(effects: Effects, product_id: str, pieces: int, first_stock: int) -> str:
    """Take all the pieces or none: `reserved` or `out_of_stock`."""
    effects.execute(
        "INSERT INTO stock VALUES (:product_id, :first_stock) ON CONFLICT DO NOTHING",
        product_id=product_id,
        first_stock=first_stock,
    )
    # Asked and taken in one statement: between two, another process could take them.
    taken = effects.execute(
        """
        UPDATE stock SET pieces = pieces - :pieces WHERE product_id = :product_id AND pieces >= :pieces
        RETURNING pieces
        """,
        product_id=product_id,
        pieces=pieces,
    )
    return "reserved" if taken else "out_of_stock"


def put(effects: Effects, product_id: str, pieces: int) -> None:
    """Say that there are so many pieces now."""
    effects.execute(
        """
        INSERT INTO stock VALUES (:product_id, :pieces) ON CONFLICT (product_id) DO UPDATE SET pieces = excluded.pieces
        """,
        product_id=product_id,
        pieces=pieces,
    )


def prizes(effects: Effects) -> dict[str, str]:
    """`reserved` or `out_of_stock` for each claim, by its event_id."""
    return dict(effects.execute("SELECT event_id, outcome FROM reservations WHERE purpose = 'prize'"))


if __name__ == "__main__":
    main("inventory")
