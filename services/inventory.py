"""Reserve what is ordered and what is won, and never more than there is.

events/clicks: order_completed      -> reservations, reserved or out_of_stock; stock falls by what was reserved
               red_envelope_claimed -> the same, for one piece of the prize
"""

from coupons import Effects, Handler, Message
from schemas.topics import CLICKS
from services.run import main
from settings import Services

TOPICS = (CLICKS,)
TABLES = (
    "CREATE TABLE IF NOT EXISTS stock (product_id TEXT PRIMARY KEY, pieces BIGINT NOT NULL CHECK (pieces >= 0))",
    """
    CREATE TABLE IF NOT EXISTS reservations (
        event_id TEXT PRIMARY KEY, product_id TEXT NOT NULL, pieces BIGINT NOT NULL CHECK (pieces > 0),
        purpose TEXT NOT NULL CHECK (purpose IN ('order', 'prize')),
        outcome TEXT NOT NULL CHECK (outcome IN ('reserved', 'out_of_stock')))
    """,
)


def handlers(config: Services) -> dict[str, Handler]:
    def order(effects: Effects, message: Message) -> None:
        product_id, pieces = message.value["product_id"], message.value["quantity"]
        reserve(effects, message.id, product_id, pieces, "order", config.first_stock)

    def prize(effects: Effects, message: Message) -> None:
        product_id = message.value["product_id"] or config.prize
        reserve(effects, message.id, product_id, 1, "prize", config.first_stock)

    return {"order_completed": order, "red_envelope_claimed": prize}


def reserve(effects: Effects, event_id: str, product_id: str, pieces: int, purpose: str, first_stock: int) -> None:
    """Take all the pieces or none; what cannot be served is recorded too, so that somebody can say so."""
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
    effects.execute(
        "INSERT INTO reservations VALUES (:event_id, :product_id, :pieces, :purpose, :outcome)",
        event_id=event_id,
        product_id=product_id,
        pieces=pieces,
        purpose=purpose,
        outcome="reserved" if taken else "out_of_stock",
    )


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
