"""The outside world to Pulsar: publish events, simulate a shop, replay files."""

from ingest.lane import Delivery
from ingest.publisher import NotDelivered, Publisher

__all__ = ["Delivery", "NotDelivered", "Publisher"]
