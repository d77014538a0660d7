"""Hold back what failed until its next attempt, and behind it whatever the same shopper did later."""

import random
import time
from collections import deque

from coupons.message import Receipt


class Held:
    """Messages that wait, in order, by shopper."""

    def __init__(self, first_s: float, most_s: float) -> None:
        self._first_s, self._most_s = first_s, most_s
        self._queues: dict[str, deque[Receipt]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def holds(self, key: str) -> bool:
        return key in self._queues

    def retry(self, receipt: Receipt) -> None:
        """Put a message that failed before whatever waits for its shopper, for as long as its attempts say."""
        receipt.retry_at_s = time.monotonic() + delay_s(receipt.attempts, self._first_s, self._most_s)
        self._queues.setdefault(receipt.order_key, deque()).appendleft(receipt)
        self._count += 1

    def behind(self, receipt: Receipt) -> None:
        """Put a message behind what waits for its shopper."""
        self._queues.setdefault(receipt.order_key, deque()).append(receipt)
        self._count += 1

    def due(self) -> list[Receipt]:
        """One shopper's messages whose first has waited long enough, in order; empty when there is none."""
        now_s = time.monotonic()
        for key, queue in self._queues.items():
            if queue[0].retry_at_s <= now_s:
                self._count -= len(queue)
                return list(self._queues.pop(key))
        return []


def delay_s(attempts: int, first_s: float, most_s: float) -> float:
    """Twice as long each time, and by chance up to half of it less: what failed together must not return together."""
    longest_s = min(most_s, first_s * 2.0 ** min(attempts - 1, 60))
    return longest_s * random.uniform(0.5, 1.0)
