"""Tell a publisher how hard pressed the system behind it is: what the watcher says, and its own queue."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from errors import HongbaoError
from pressure.deferral import moved_until_ms
from pressure.level import Hysteresis, Level
from pressure.limits import limits
from pressure.signal import Signal, Signals
from settings import Pressure as Settings
from settings import Pulsar

# How often it looks at its own queue.
LOOK_S = 0.5
# Between two attempts to reach the broker.
RETRY_S = 2.0
# A client that is connecting is given so long to notice that it shall not.
END_S = 10.0


@dataclass(frozen=True)
class Pressure:
    """What a publisher knows: the level, the lag in seconds of the reader furthest behind, None while nobody says, and
    for how many seconds the oldest of its own events has awaited the broker.
    """

    level: Level
    lag_s: float | None
    queue_s: float


@dataclass(frozen=True)
class Queue:
    """A publisher's own: how long its oldest event has waited, and whether the broker answers at all."""

    waits_s: float
    away: bool


class Follower:
    """Follows the signal in a thread of its own; `changed` is called there with each new level."""

    def __init__(
        self,
        broker: Pulsar,
        settings: Settings,
        queue: Callable[[], Queue],
        changed: Callable[[Pressure], None] | None = None,
    ) -> None:
        self._broker = broker
        self._queue = queue
        self._changed = changed
        self._stale_s = settings.stale_after.total_seconds()
        self._own = Hysteresis(limits(settings))
        self._signal: Signal | None = None
        # When it was measured, by our clock.
        self._measured_s = 0.0
        self.pressure = Pressure(Level.UNKNOWN, None, 0.0)
        # Everything that was deferred before is on events/clicks (pressure/deferral.py).
        self.moved_ms = 0
        self._waited_s = 0.0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pressure", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stopped.set()
        self._thread.join(END_S)

    def _run(self) -> None:
        signals: Signals | None = None
        retry_s = 0.0
        while not self._stopped.is_set():
            if signals is None and time.monotonic() >= retry_s:
                retry_s = time.monotonic() + RETRY_S
                signals = self._open()
            if signals is None:
                self._stopped.wait(LOOK_S)
            elif not self._took_next(signals):
                signals.close()
                signals, retry_s = None, time.monotonic() + RETRY_S
            self._look(time.monotonic())
        if signals is not None:
            signals.close()

    def _open(self) -> Signals | None:
        try:
            return Signals(self._broker)
        except HongbaoError:
            return None

    def _took_next(self, signals: Signals) -> bool:
        """Whether the reader is good for another question."""
        try:
            signal = signals.next(LOOK_S)
        except Exception as error:
            # Whatever it is, without a thread nobody would ever be told of pressure again.
            logging.getLogger("hongbao.pressure").warning("the signal could not be read; trying again: %r", error)
            return False
        if signal is not None:
            self._take(signal)
        return True

    def _take(self, signal: Signal) -> None:
        now_s = time.monotonic()
        # The first may be of long ago; the others come as they are measured, and no clock is asked.
        age_s = max(0.0, signal.age_s(time.time())) if self._signal is None else 0.0
        self._signal, self._measured_s = signal, now_s - age_s

    def _look(self, now_s: float) -> None:
        queue = self._queue()
        own = self._own.next(queue.waits_s, now_s)
        signal = self._signal
        if signal is not None and now_s - self._measured_s > self._stale_s:
            signal = None
        if signal is not None:
            since = signal.deferred_since
            self.moved_ms = moved_until_ms(
                milliseconds(signal.measured_at.timestamp()),
                None if since is None else milliseconds(since.timestamp()),
                # What the look before saw may have reached the topic after the watcher measured.
                milliseconds(max(queue.waits_s, self._waited_s)),
            )
        self._waited_s = queue.waits_s
        lag_s = None if signal is None else signal.lag_ms / 1000
        before, self.pressure = self.pressure, Pressure(self._level(queue, own, signal), lag_s, queue.waits_s)
        if self._changed is not None and before.level is not self.pressure.level:
            try:
                self._changed(self.pressure)
            except Exception:
                # The next level must be told all the same.
                logging.getLogger("hongbao.pressure").exception("on_pressure raised at %s", self.pressure.level)

    def _level(self, queue: Queue, own: Level, signal: Signal | None) -> Level:
        if queue.away:
            return Level.AWAY
        said = Level.UNKNOWN if signal is None else signal.level
        return own if own.severity > said.severity else said


def milliseconds(seconds: float) -> int:
    return int(seconds * 1000)
