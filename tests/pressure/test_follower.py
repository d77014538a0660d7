"""Without anybody who says how the system is, a publisher still knows its own queue."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from errors import Unreachable
from pressure.follower import Follower, Pressure, Queue
from pressure.level import Level
from pressure.signal import Signal, Signals, of
from pressure.watch import moment
from settings import Pressure as Settings
from settings import Pulsar
from tests.waiting import eventually

NOWHERE = Pulsar(service_url="pulsar://127.0.0.1:1")
QUICK = Settings(calm_for=timedelta(0))


class Own:
    """A publisher's queue that a test fills, and the levels that it was told."""

    def __init__(self) -> None:
        self.now = Queue(0.0, away=False)
        self.told: list[Level] = []

    def tell(self, pressure: Pressure) -> None:
        self.told.append(pressure.level)
        raise RuntimeError("of the callback's own")


@pytest.fixture
def own() -> Own:
    return Own()


@pytest.fixture
def follower(own: Own) -> Iterator[Follower]:
    follower = Follower(NOWHERE, QUICK, lambda: own.now, own.tell)
    yield follower
    follower.close()


def test_own_queue_presses_and_a_broker_that_is_away_is_a_level_of_its_own(own: Own, follower: Follower) -> None:
    for queue, level in (
        (Queue(0.0, away=False), Level.UNKNOWN),
        (Queue(5.0, away=False), Level.PRESSED),
        (Queue(60.0, away=False), Level.OVERLOADED),
        (Queue(60.0, away=True), Level.AWAY),
        (Queue(0.0, away=False), Level.UNKNOWN),
    ):
        own.now = queue
        eventually(lambda: follower.pressure.level, level)
    # A callback that raises does not end the following.
    assert own.told[:3] == [Level.PRESSED, Level.OVERLOADED, Level.AWAY]
    assert follower.pressure.lag_s is None and follower.moved_ms == 0


def test_following_goes_on_when_a_signal_cannot_be_read(own: Own, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Signals] = []
    closed: list[Signals] = []

    class Flaky(Signals):
        """As Signals, when its broker goes away before the schema of the first message is known."""

        def __init__(self, broker: Pulsar) -> None:
            opened.append(self)

        def next(self, within_s: float) -> Signal | None:
            if self is opened[0]:
                raise Unreachable("cannot ask for schema 0; is the broker up?")
            return of(RECORD | {"level": "pressed", "measured_at": datetime.now(UTC)})

        def close(self) -> None:
            closed.append(self)

    monkeypatch.setattr("pressure.follower.Signals", Flaky)
    monkeypatch.setattr("pressure.follower.RETRY_S", 0.0)
    follower = Follower(NOWHERE, QUICK, lambda: own.now)
    eventually(lambda: follower.pressure.level, Level.PRESSED)
    assert closed == opened[:1]
    follower.close()


RECORD = {
    "level": "drowning",
    "level_since": moment(0),
    "lag_ms": 1,
    "reader": None,
    "away": None,
    "deferred": 0,
    "deferred_since": None,
    "measured_at": moment(0),
}


def test_level_of_a_later_version_is_unknown() -> None:
    assert of(RECORD).level is Level.UNKNOWN
    assert of(RECORD | {"level": "pressed"}).level is Level.PRESSED
