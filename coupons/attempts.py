"""Count a message's attempts before they are made, soon after a start: it may be what killed the process before."""

from coupons import inbox as inboxes
from coupons.inbox import Inbox
from coupons.message import Receipt
from errors import Unreachable

# What a crash may have left in hand is among the first messages after a start.
CAREFUL_MESSAGES = 1_000


class Attempts:
    """Of one subscription, in the inbox's database; each in its own transaction, so that a kill leaves it there."""

    def __init__(self, inbox: Inbox, subscription: str) -> None:
        self._inbox, self._subscription = inbox, subscription
        self._left = CAREFUL_MESSAGES

    @property
    def careful(self) -> bool:
        """Whether attempts are counted ahead by now."""
        return self._left > 0

    def count_ahead(self, receipt: Receipt) -> None:
        """Count an attempt that is to be made."""
        if not self.careful or receipt.counted or receipt.hopeless:
            return
        key = receipt.inbox_key(self._subscription)
        with self._inbox.transaction() as effects:
            if inboxes.has(effects, key):
                return
            receipt.attempts, receipt.first_seen_ms = inboxes.count_attempt(effects, key)
        receipt.counted = True
        self._left -= 1

    def uncount(self, receipt: Receipt) -> None:
        """What was away is not this message's fault, however often the process is started meanwhile."""
        if not receipt.counted:
            return
        try:
            with self._inbox.transaction() as effects:
                receipt.attempts, _ = inboxes.count_attempt(effects, receipt.inbox_key(self._subscription), -1)
        except Unreachable:
            return
        receipt.counted = False
        self._left += 1
