"""Measure, decide the level, say it on control/pressure; again and again, as the only watcher of a tenant."""

import signal
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from threading import Event

from errors import CannotRun, Unreachable
from pressure.gauge import Gauge, Measured
from pressure.level import Hysteresis
from pressure.limits import limits
from pressure.signal import Signal
from schemas.topics import PRESSURE
from settings import Pressure, Pulsar, read
from stack.pulsar_admin import PulsarAdmin
from topics.versions import Versions

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
            for found in _signals(broker, settings, watcher, stopped, say):
                told(found)
        except Unreachable as error:
            say(str(error))
            stopped.wait(RETRY_S)


def _signals(
    broker: Pulsar, settings: Pressure, watcher: Watcher, stopped: Event, say: Callable[[str], None]
) -> Iterator[Signal]:
    """The signals of one connection, each after it was published; of what cannot be measured there is none."""
    with Versions(broker, PRESSURE, "signal") as topic, PulsarAdmin(broker.admin_url) as admin:
        topic.take_turn()
        gauge = Gauge(broker, admin, settings.readers)
        while not stopped.is_set():
            try:
                measured = gauge.measure()
            except CannotRun as error:
                # Such as a topic that a broker which has just started has not loaded.
                say(str(error))
                stopped.wait(RETRY_S)
                continue
            found = watcher.signal(measured, time.monotonic())
            topic.publish(vars(found) | {"level": str(found.level)}, key=PRESSURE.path)
            yield found
            stopped.wait(settings.every.total_seconds())


def moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def main() -> None:
    """Watch until SIGTERM, by the settings: a process of `hongbao up`."""
    stopped = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stopped.set())
    before = ""

    def told(found: Signal) -> None:
        nonlocal before
        if found.level != before:
            _say(f"{found.level}, {found.reader or 'no reader'} {found.lag_ms / 1000:.1f} s behind")
        before = found.level

    watch(read(Pulsar), read(Pressure), stopped, told, _say)


def _say(what: str) -> None:
    sys.stdout.write(f"{datetime.now(UTC).isoformat(timespec='milliseconds')} {what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
