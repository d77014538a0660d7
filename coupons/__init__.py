"""The subscriber's side: receive triggers and clicks, and give each its effect once."""

from coupons.database import Effects
from coupons.inbox import Inbox
from coupons.message import Message
from coupons.once import Handler, Subscriber

__all__ = ["Effects", "Handler", "Inbox", "Message", "Subscriber"]
