"""The outside world to Pulsar: publish events, simulate a shop, replay files."""

from ingest.publisher import Delivery, Publisher

__all__ = ["Delivery", "Publisher"]
