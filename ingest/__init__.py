"""The outside world to Pulsar: publish events, simulate a shop, replay files."""

from ingest.lane import Delivery
from ingest.outbox import NotDelivered
from ingest.publisher import Publisher
from ingest.spool import Spool

__all__ = ["Delivery", "NotDelivered", "Publisher", "Spool"]
