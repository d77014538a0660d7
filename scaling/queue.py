"""What becomes of a job's events, second by second: how many are late, how many wait, through rescales and all."""

from dataclasses import dataclass

import numpy as np

# A coupon whose event waited longer is late.
LATE_S = 1


@dataclass
class Queue:
    """First in, first out, in whole seconds. What was served within a second of its arrival is in time."""

    waiting: float = 0.0
    late: float = 0.0
    _blocked_s: float = 0.0
    _again: float = 0.0

    def restart(self, downtime_s: float, again: float) -> None:
        """Serve nothing for so long, then first what was served after the newest checkpoint: that many events."""
        self._blocked_s = max(self._blocked_s, downtime_s)
        self._again += again

    def serve(self, arrivals: np.ndarray, capacity: float) -> None:
        """Let each second's events arrive and be served; `capacity` is events/s."""
        able = self._able(len(arrivals), capacity)
        before = self.waiting
        # What is served by the end of a second is all that came, or as much as could be since the queue was last empty.
        surplus = np.cumsum(arrivals - able)
        waiting = before + surplus - np.minimum(0, np.minimum.accumulate(before + surplus))
        # In time are those of a second that the next second's service reaches, behind whoever waits already.
        next_able = np.append(able[1:], capacity)
        self.late += float(np.clip(waiting - next_able * LATE_S, 0, arrivals).sum())
        self.waiting = float(waiting[-1])

    def _able(self, seconds: int, capacity: float) -> np.ndarray:
        able = np.full(seconds, capacity)
        blocked = min(float(seconds), self._blocked_s)
        able[: int(blocked)] = 0
        if blocked > int(blocked):
            able[int(blocked)] *= 1 - (blocked - int(blocked))
        self._blocked_s -= blocked
        for second in range(seconds):
            if self._again <= 0:
                break
            again = min(self._again, able[second])
            able[second] -= again
            self._again -= again
        return able
