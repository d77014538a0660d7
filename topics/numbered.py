"""Number the versions of what operators publish, by key: read the newest of each, and publish the next."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from schemas.topics import Topic
from settings import Pulsar
from topics.versions import Versions


class Version(Protocol):
    """A record of the topic; `problem` says why its definition cannot be read, where it cannot."""

    @property
    def version(self) -> int: ...

    @property
    def problem(self) -> str | None: ...


One = TypeVar("One", bound=Version)


@dataclass(frozen=True)
class Found(Generic[One]):
    """What is on the topic: the newest version of each key, and what could not be read."""

    newest: dict[str, One] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


class Applied(NamedTuple):
    """A version that was published."""

    key: str
    version: int
    status: str


class Numbered(Generic[One]):
    """The versions of a topic, numbered by the field `key`; `version_of` reads one from its record."""

    def __init__(self, topic: Topic, noun: str, key: str, version_of: Callable[[Mapping[str, Any]], One]) -> None:
        self._topic, self._noun, self._key, self._version_of = topic, noun, key, version_of

    def newest(self, broker: Pulsar) -> Found[One]:
        """The newest version of each key; raises Unreachable without a broker."""
        with Versions(broker, self._topic, self._noun) as versions:
            return self._read(versions)

    def publish(
        self, broker: Pulsar, next_of: Callable[[Mapping[str, One]], Iterable[tuple[str, Mapping[str, Any]]]]
    ) -> list[Applied]:
        """Publish the status and definition of each version that `next_of` makes of the newest.

        All of it as the topic's only producer: so no two operators give one number twice.
        """
        published = []
        with Versions(broker, self._topic, self._noun) as versions:
            versions.take_turn()
            newest = self._read(versions).newest
            for status, definition in next_of(newest):
                key = definition[self._key]
                number = newest[key].version + 1 if key in newest else 1
                own = {"version": number, "status": status, "applied_at": datetime.now(UTC)}
                versions.publish({**definition, **own}, key)
                published.append(Applied(key, number, status))
        return published

    def _read(self, versions: Versions) -> Found[One]:
        records, problems = versions.read()
        return Found({record[self._key]: self._version_of(record) for record in records}, problems)
