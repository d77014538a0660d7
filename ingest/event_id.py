"""Give event ids: UUIDv7 (RFC 9562), in the order they were made."""

import random
import threading
import time


class EventIds:
    """Make ids that sort by time; within a millisecond a counter keeps the order (RFC 9562, method 1)."""

    def __init__(self, source: random.Random | None = None) -> None:
        self._random = source or random.Random()
        self._lock = threading.Lock()
        self._last_ms = 0
        self._counter = 0

    def next(self, now_ms: int | None = None) -> str:
        """An id for the moment `now_ms`, or for now."""
        now = time.time_ns() // 1_000_000 if now_ms is None else now_ms
        with self._lock:
            if now > self._last_ms:
                self._last_ms = now
                # The top bit is left free, so that the counter has room to grow.
                self._counter = self._random.getrandbits(11)
            else:
                self._counter += 1
                if self._counter > 0xFFF:
                    self._last_ms += 1
                    self._counter = 0
            stamp, counter = self._last_ms, self._counter
            tail = self._random.getrandbits(62)
        digits = f"{stamp << 80 | (0x7000 | counter) << 64 | 1 << 63 | tail:032x}"
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
