"""Record which shopper holds which coupon, and which campaign sold what.

triggers/coupons of kind coupon     -> coupons; points are membership's and prizes inventory's
events/clicks: red_envelope_claimed -> coupons, one a claim
               qr_scanned           -> scans
               order_completed      -> sales, of lines that a campaign led to
"""

from coupons import Effects, Handler, Message
from schemas.topics import CLICKS, CLICKS_VIP, COUPONS
from services.run import main
from settings import Services

# A coupon is shown while its shopper is still there: it goes before the clicks.
TOPICS = (COUPONS, CLICKS_VIP, CLICKS)
TABLES = (
    """
    CREATE TABLE IF NOT EXISTS coupons (
        coupon_id TEXT PRIMARY KEY, shopper_id TEXT NOT NULL, offer TEXT NOT NULL, cause_event_id TEXT NOT NULL)
    """,
    "CREATE TABLE IF NOT EXISTS scans (event_id TEXT PRIMARY KEY, shopper_id TEXT NOT NULL, store_id TEXT NOT NULL)",
    """
    CREATE TABLE IF NOT EXISTS sales (
        event_id TEXT PRIMARY KEY, campaign_id TEXT NOT NULL, amount_minor BIGINT NOT NULL, currency TEXT)
    """,
)
CLAIMED = "claimed_red_envelope"


def handlers(config: Services) -> dict[str, Handler]:
    return {"coupon_trigger": trigger, "red_envelope_claimed": claim, "qr_scanned": scan, "order_completed": sale}


def trigger(effects: Effects, message: Message) -> None:
    if message.value["kind"] != "coupon":
        return
    give(effects, message.id, message.value["shopper_id"], message.value["offer"], message.value["cause_event_id"])


def claim(effects: Effects, message: Message) -> None:
    # The claim is what this coupon is given for, once: its id serves as the coupon's.
    give(effects, message.id, message.key, CLAIMED, message.id)


def give(effects: Effects, coupon_id: str, shopper_id: str, offer: str, cause_event_id: str) -> None:
    effects.execute(
        "INSERT INTO coupons VALUES (:coupon_id, :shopper_id, :offer, :cause_event_id)",
        coupon_id=coupon_id,
        shopper_id=shopper_id,
        offer=offer,
        cause_event_id=cause_event_id,
    )


def scan(effects: Effects, message: Message) -> None:
    effects.execute(
        "INSERT INTO scans VALUES (:event_id, :shopper_id, :store_id)",
        event_id=message.id,
        shopper_id=message.key,
        store_id=message.value["store_id"],
    )


def sale(effects: Effects, message: Message) -> None:
    line = message.value
    if line["campaign_id"] is None:
        return
    effects.execute(
        "INSERT INTO sales VALUES (:event_id, :campaign_id, :amount_minor, :currency)",
        event_id=message.id,
        campaign_id=line["campaign_id"],
        amount_minor=line["price_minor"] * line["quantity"],
        currency=line["currency"],
    )


def claimed(effects: Effects) -> set[str]:
    """The event_id of each claim that has its coupon."""
    query = "SELECT cause_event_id FROM coupons WHERE offer = :claimed"
    return {event_id for (event_id,) in effects.execute(query, claimed=CLAIMED)}


if __name__ == "__main__":
    main("marketing")
