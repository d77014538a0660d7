"""Which record travels on which topic: the one table that registry, stack and jobs read."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Topic:
    """A topic of the tenant: `path` is namespace/name, `record` names the .avsc, `key` says whose order is kept."""

    path: str
    record: str
    partitions: int
    key: str


CLICKS = Topic("events/clicks", "click_event", 8, "user_id, else anonymous_id")
# What may wait while the system is pressed (docs/ingest.md); it has as many partitions as the clicks. VIPs' clicks
# never wait: what is moved on goes to CLICKS alone.
DEFERRED = Topic("events/clicks-deferred", CLICKS.record, CLICKS.partitions, CLICKS.key)
# Of shoppers of the tier vip: nobody else's backlog stands before them. One tier, one topic: a shopper's order is kept.
CLICKS_VIP = Topic("events/clicks-vip", CLICKS.record, CLICKS.partitions, CLICKS.key)
CLICK_TOPICS = (CLICKS, CLICKS_VIP)
# The last partition is the VIPs', where a job of their own decides their coupons.
COUPONS = Topic("triggers/coupons", "coupon_trigger", 3, "shopper_id")
CONVERSION = Topic("results/conversion", "conversion_result", 2, "dimension:value")
SESSIONS = Topic("results/sessions", "session_result", 2, "shopper_id")
DEAD_LETTERS = Topic("quarantine/dead-letters", "dead_letter", 1, "the dead message's key")
LATE_EVENTS = Topic("quarantine/late-events", "late_event", 1, "shopper_id")
# One partition: every job takes campaigns up in the same order.
CAMPAIGNS = Topic("campaigns/definitions", "campaign", 1, "name")
UNDELIVERED = Topic("quarantine/undelivered", "undelivered", 1, "the message's key")
# Few and small, both.
PRICE_RULES = Topic("campaigns/price-rules", "price_rule", 1, "category")
PRICES = Topic("triggers/prices", "price_trigger", 1, "category")
# One partition: the newest that was chosen is one for everybody.
OFFER_MODELS = Topic("models/offers", "offer_model", 1, "name and version")
PRESSURE = Topic("control/pressure", "pressure_signal", 1, "the topic's name")

TOPICS = (
    CLICKS,
    CLICKS_VIP,
    DEFERRED,
    COUPONS,
    CONVERSION,
    SESSIONS,
    DEAD_LETTERS,
    LATE_EVENTS,
    CAMPAIGNS,
    UNDELIVERED,
    PRICE_RULES,
    PRICES,
    PRESSURE,
    OFFER_MODELS,
)
NAMESPACES = tuple(dict.fromkeys(topic.path.split("/")[0] for topic in TOPICS))


def click_topics(vip_topic: bool) -> tuple[Topic, ...]:
    """The topics that jobs read clicks from, by [pulsar] vip_topic: an idle one costs its readers as well."""
    return CLICK_TOPICS if vip_topic else (CLICKS,)


def clicks_of(tier: object) -> Topic:
    """The topic of clicks by shoppers of this tier, whatever the message says instead of one."""
    return CLICKS_VIP if tier == "vip" else CLICKS
