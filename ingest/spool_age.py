"""Say how long the oldest event of a spool has waited, from a note every quarter of a second of what was appended."""

from collections import deque

NOTE_S = 0.25


class SpoolAge:
    """Notes of positions and when they were appended; times are of a clock that never jumps, in seconds."""

    def __init__(self, now_s: float) -> None:
        # The newest note at or below what the broker has: the oldest that waits was appended after it.
        self._passed_s = now_s
        self._notes: deque[tuple[int, float]] = deque()
        self._noted_s = -NOTE_S

    def appended(self, position: int, now_s: float) -> None:
        if now_s - self._noted_s >= NOTE_S:
            self._noted_s = now_s
            self._notes.append((position, now_s))

    def oldest_s(self, acknowledged: int, now_s: float) -> float:
        """The age of the first event at or above `acknowledged`; there is one."""
        while self._notes and self._notes[0][0] <= acknowledged:
            self._passed_s = self._notes.popleft()[1]
        return now_s - self._passed_s
