"""Credit points for what a shopper buys, claims and is given, and take back those of what was given back.

triggers/coupons of kind points     -> given, as many as the campaign says
events/clicks: order_completed      -> points, by what the line cost
               red_envelope_claimed -> points, as many for each
               order_refunded       -> taken_back, by price x quantity where it names both, else all of the order's
               order_cancelled      -> taken_back, all that is left of the order's
"""

from coupons import Effects, Handler, Message
from schemas.topics import CLICKS, CLICKS_VIP, COUPONS
from services import orders
from services.payment import asked_minor
from services.run import main
from settings import Services

TOPICS = (COUPONS, CLICKS_VIP, CLICKS)
TABLES = (
    """
    CREATE TABLE IF NOT EXISTS points (
        event_id TEXT PRIMARY KEY, shopper_id TEXT NOT NULL, points BIGINT NOT NULL CHECK (points >= 0),
        reason TEXT NOT NULL CHECK (reason IN ('order', 'claim')))
    """,
    "CREATE INDEX IF NOT EXISTS points_by_shopper ON points (shopper_id)",
    """
    CREATE TABLE IF NOT EXISTS given (
        coupon_id TEXT PRIMARY KEY, shopper_id TEXT NOT NULL, points BIGINT NOT NULL CHECK (points >= 0))
    """,
    "CREATE INDEX IF NOT EXISTS given_by_shopper ON given (shopper_id)",
    """
    CREATE TABLE IF NOT EXISTS taken_back (
        event_id TEXT PRIMARY KEY, order_id TEXT NOT NULL, shopper_id TEXT NOT NULL,
        points BIGINT NOT NULL CHECK (points > 0))
    """,
    "CREATE INDEX IF NOT EXISTS taken_back_by_order ON taken_back (order_id)",
    *orders.TABLES,
)


def handlers(config: Services) -> dict[str, Handler]:
    def order(effects: Effects, message: Message) -> None:
        spent_minor = message.value["price_minor"] * message.value["quantity"]
        credit(effects, message, spent_minor // config.minor_per_point, "order")
        if orders.add_line(effects, "membership", message.value["order_id"], message.id):
            take_back(effects, message, spent_minor // config.minor_per_point)

    def claim(effects: Effects, message: Message) -> None:
        credit(effects, message, config.points_per_claim, "claim")

    def refund(effects: Effects, message: Message) -> None:
        orders.hold(effects, "membership", message.value["order_id"])
        spent_minor = asked_minor(message)
        take_back(effects, message, None if spent_minor is None else spent_minor // config.minor_per_point)

    return {
        "coupon_trigger": give,
        "order_completed": order,
        "red_envelope_claimed": claim,
        "order_refunded": refund,
        "order_cancelled": cancel,
    }


def give(effects: Effects, message: Message) -> None:
    if message.value["kind"] == "points":
        effects.execute(
            "INSERT INTO given VALUES (:coupon_id, :shopper_id, :points)",
            coupon_id=message.id,
            shopper_id=message.value["shopper_id"],
            points=message.value["points"],
        )


def cancel(effects: Effects, message: Message) -> None:
    orders.cancel(effects, "membership", message.value["order_id"])
    take_back(effects, message, None)


def take_back(effects: Effects, message: Message, asked: int | None) -> None:
    """Take back as many of the points asked, or of all, as the order earned and are not taken back yet."""
    order_id = message.value["order_id"]
    earned = effects.execute(
        """
        SELECT shopper_id, points FROM points WHERE event_id IN (
            SELECT event_id FROM order_lines WHERE service = 'membership' AND order_id = :order_id)
        """,
        order_id=order_id,
    )
    before = effects.execute("SELECT points FROM taken_back WHERE order_id = :order_id", order_id=order_id)
    left = sum(int(points) for _, points in earned) - sum(int(points) for (points,) in before)
    points = left if asked is None else min(asked, left)
    if points > 0:
        effects.execute(
            "INSERT INTO taken_back VALUES (:event_id, :order_id, :shopper_id, :points)",
            event_id=message.id,
            order_id=order_id,
            # Who earned them: another may have cancelled, such as the shop.
            shopper_id=earned[0][0],
            points=points,
        )


def credit(effects: Effects, message: Message, points: int, reason: str) -> None:
    effects.execute(
        "INSERT INTO points VALUES (:event_id, :shopper_id, :points, :reason)",
        event_id=message.id,
        shopper_id=message.key,
        points=points,
        reason=reason,
    )


def balance(effects: Effects, shopper_id: str) -> int:
    """The shopper's points."""
    query = """
        SELECT CAST(coalesce(sum(points), 0) AS BIGINT) FROM (
            SELECT points FROM points WHERE shopper_id = :shopper_id
            UNION ALL SELECT points FROM given WHERE shopper_id = :shopper_id
            UNION ALL SELECT -points FROM taken_back WHERE shopper_id = :shopper_id
        ) AS moved
    """
    ((points,),) = effects.execute(query, shopper_id=shopper_id)
    return int(points)


def claimed(effects: Effects) -> dict[str, int]:
    """The points of each claim, by its event_id."""
    return dict(effects.execute("SELECT event_id, points FROM points WHERE reason = 'claim'"))


if __name__ == "__main__":
    main("membership")
