"""What the watcher says on control/pressure: read the newest, or follow it. Only the binary protocol is asked.

A publisher needs no access to the broker's admin for it.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pulsar

from errors import Unreachable
from pressure.level import Level
from schemas.topics import PRESSURE
from settings import Pulsar
from settings.listening import refuses
from topics.avro import Writers

OPERATION_S = 5
# A topic that has a message gives it within this; one without has none.
NEWEST_S = 5.0


@dataclass(frozen=True)
class Signal:
    """A record of pressure_signal.avsc."""

    level: Level
    level_since: datetime
    lag_ms: int
    reader: str | None
    away: str | None
    deferred: int
    deferred_since: datetime | None
    measured_at: datetime

    def age_s(self, now_s: float) -> float:
        """Seconds since it was measured, by two clocks; `now_s` since 1970."""
        return now_s - self.measured_at.timestamp()


class Signals:
    """The newest signal there is, and those to come, of one broker."""

    def __init__(self, broker: Pulsar) -> None:
        """Raises Unreachable, after some seconds at most."""
        self._topic = f"{broker.topic(PRESSURE.path)}-partition-0"
        if refuses(broker.service_url):
            raise self._unreachable(broker, "nobody listens there")
        self._client = pulsar.Client(
            broker.service_url,
            operation_timeout_seconds=OPERATION_S,
            connection_timeout_ms=OPERATION_S * 1000,
            logger=pulsar.FileLogger(pulsar.LoggerLevel.Error, os.devnull),
        )
        try:
            self._reader = self._client.create_reader(
                self._topic, pulsar.MessageId.latest, start_message_id_inclusive=True
            )
            # The last message there is says how things stand; the client finds it only when it is asked this (3.13.0).
            self.has_newest = self._reader.has_message_available()
        except pulsar.PulsarException as error:
            self._client.close()
            raise self._unreachable(broker, str(error)) from None
        self._writers = Writers(self._client)

    def next(self, within_s: float) -> Signal | None:
        """The next signal, or None when there is none within the time."""
        try:
            message = self._reader.read_next(timeout_millis=int(within_s * 1000))
        except pulsar.Timeout:
            return None
        return of(self._writers.decode(message))

    def close(self) -> None:
        try:
            self._client.close()
        except pulsar.PulsarException:
            pass  # a broker that is gone needs no goodbye

    def _unreachable(self, broker: Pulsar, why: str) -> Unreachable:
        return Unreachable(
            f"{broker.service_url}: cannot read {self._topic}: {why}; is the stack up? hongbao up starts it, and makes "
            "its topics"
        )


def of(record: Mapping[str, Any]) -> Signal:
    """The signal that a record is; a level that this version does not know is unknown."""
    level = Level(record["level"]) if record["level"] in set(Level) else Level.UNKNOWN
    return Signal(**{**{name: record[name] for name in Signal.__dataclass_fields__}, "level": level})


def newest(broker: Pulsar) -> Signal | None:
    """The newest signal, or None when nobody ever gave one; raises Unreachable without a broker."""
    signals = Signals(broker)
    try:
        return signals.next(NEWEST_S) if signals.has_newest else None
    finally:
        signals.close()
