"""Credit points for what a shopper buys and claims.

events/clicks: order_completed      -> points, by what the line cost
               red_envelope_claimed -> points, as many for each
"""

from coupons import Effects, Handler, Message
from schemas.topics import CLICKS
from services.run import main
from settings import Services

TOPICS = (CLICKS,)
TABLES = (
    """
    CREATE TABLE IF NOT EXISTS points (
        event_id TEXT PRIMARY KEY, shopper_id TEXT NOT NULL, points BIGINT NOT NULL CHECK (points >= 0),
        reason TEXT NOT NULL CHECK (reason IN ('order', 'claim')))
    """,
    "CREATE INDEX IF NOT EXISTS points_by_shopper ON points (shopper_id)",
)


def handlers(config: Services) -> dict[str, Handler]:
    def order(effects: Effects, message: Message) -> None:
        spent_minor = message.value["price_minor"] * message.value["quantity"]
        credit(effects, message, spent_minor // config.minor_per_point, "order")

    def claim(effects: Effects, message: Message) -> None:
        credit(effects, message, config.points_per_claim, "claim")

    return {"order_completed": order, "red_envelope_claimed": claim}


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
    query = "SELECT CAST(coalesce(sum(points), 0) AS BIGINT) FROM points WHERE shopper_id = :shopper_id"
    ((points,),) = effects.execute(query, shopper_id=shopper_id)
    return int(points)


def claimed(effects: Effects) -> dict[str, int]:
    """The points of each claim, by its event_id."""
    return dict(effects.execute("SELECT event_id, points FROM points WHERE reason = 'claim'"))


if __name__ == "__main__":
    main("membership")
