"""Measure, decide the level, say it on control/pressure; again and again, as the only watcher of a tenant."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from threading import Event

from campaigns.versions import Versions
from errors import Unreachable
from pressure.gauge import Gauge, Measured
from pressure.level import Hysteresis
from pressure.limits import limits
from pressure.signal import Signal
from schemas.topics import PRESSURE
from settings import Pressure, Pulsar
from stack.pulsar_admin import PulsarAdmin

# Between two attempts to reach the broker.
RETRY_S = 2.0


class Watcher:
    """Turns what is measured into signals."""

    def __init__(self, settings: Pressure) -> None:
        self._hysteresis = Hysteresis(limits(settings))
        self._since = datetime.now(UTC)

    def signal(self, measured: Measured, now_s: float) -> Signal:
        """What to say; `now_s` is of a clock that never jumps."""
        reader, lag_s = measured.furthest
        before = self._hysteresis.level
        level = self._hysteresis.next(lag_s, now_s)
        at = moment(measured.measured_ms)
        if level is not before:
            self._since = at
        return Signal(
            level=level,
            level_since=self._since,
            lag_ms=round(lag_s * 1000),
            reader=reader,
            away=",".join(measured.away) or None,
            deferred=measured.deferred,
            deferred_since=None if measured.deferred_since_ms is None else moment(measured.deferred_since_ms),
            measured_at=at,
        )


def watch(
    broker: Pulsar,
    settings: Pressure,
    stopped: Event,
    told: Callable[[Signal], None] = lambda _: None,
    say: Callable[[str], None] = lambda _: None,
) -> None:
    """Give a signal every `settings.every` until `stopped`; a broker that is away is waited for.

    Raises CannotRun when another watcher is at work.
    """
    watcher = Watcher(settings)
    while not stopped.is_set():
        try:
            for signal in _signals(broker, settings, watcher, stopped):
                told(signal)
        except Unreachable as error:
            say(str(error))
            stopped.wait(RETRY_S)


def _signals(broker: Pulsar, settings: Pressure, watcher: Watcher, stopped: Event) -> Iterator[Signal]:
    """The signals of one connection, each after it was published."""
    with Versions(broker, PRESSURE, "signal") as topic, PulsarAdmin(broker.admin_url) as admin:
        topic.take_turn()
        gauge = Gauge(broker, admin, settings.readers)
        while not stopped.is_set():
            signal = watcher.signal(gauge.measure(), time.monotonic())
            topic.publish(vars(signal) | {"level": str(signal.level)}, key=PRESSURE.path)
            yield signal
            stopped.wait(settings.every.total_seconds())


def moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
