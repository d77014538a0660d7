"""Answer `hongbao drain-deferred`: a mover with the settings, the pressure and the warehouse of this machine."""

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from threading import Event
from typing import Any

from ingest.redrive import landed_of
from pressure.follower import Follower, Pressure, Queue
from pressure.gauge import Gauge
from pressure.level import Level
from pressure.moved import BOOK, MovedBook
from pressure.mover import Moved, Mover
from settings import Deferral, Pulsar, Stack, read
from settings import Pressure as PressureSettings
from stack.pulsar_admin import PulsarAdmin


def drain(follow: bool, now: bool, say: Callable[[str], None]) -> Moved:
    """Move what is deferred, and with `follow` what will be, until Ctrl-C; `now`: however pressed the system is."""
    from jobs.conversion import Conversion
    from jobs.landing import Landing

    broker = read(Pulsar)
    with ExitStack() as open_:
        stopped = open_.enter_context(_until_interrupted())
        gauge = Gauge(broker, open_.enter_context(PulsarAdmin(broker.admin_url)), ())
        mover = Mover(
            broker,
            MovedBook(read(Stack).folder / BOOK),
            partial(landed_of, folder=None),
            lateness=read(Conversion).allowed_lateness,
            horizon=read(Landing).duplicate_horizon,
            per_second=read(Deferral).move_per_second,
        )
        open_.enter_context(mover)
        follower = None
        if not now:
            follower = Follower(broker, read(PressureSettings), lambda: Queue(0.0, False), partial(_tell, say))
            open_.callback(follower.close)
        return mover.run(
            calm=lambda: follower is None or follower.pressure.level is Level.NORMAL,
            empty=lambda: not follow and gauge.deferred()[0] == 0,
            stopped=stopped,
        )


def _tell(say: Callable[[str], None], pressure: Pressure) -> None:
    say("moving" if pressure.level is Level.NORMAL else f"waiting: the system is {pressure.level}")


@contextmanager
def _until_interrupted() -> Iterator[Event]:
    """An event that Ctrl-C and SIGTERM set, so that a group that was begun is finished."""
    stopped = Event()

    def stop(_number: int, _frame: Any) -> None:
        stopped.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
