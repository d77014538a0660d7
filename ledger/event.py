"""Define a landed event as the patterns see it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Event:
    """Times in milliseconds since 1970, money in minor units of the currency."""

    event_id: str
    event_type: str
    occurred_ms: int
    appended_ms: int
    product_id: str | None = None
    price_minor: int | None = None
    quantity: int | None = None
    campaign_id: str | None = None
    currency: str | None = None
    order_id: str | None = None
    store_id: str | None = None
