"""Read the models that were published from their topic, publish one, and choose the one to use."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from errors import SettingsError
from model.definition import Model, parse
from schemas.topics import OFFER_MODELS
from settings import Pulsar
from topics.versions import Versions

USED, KEPT = "used", "kept"


@dataclass(frozen=True)
class Published:
    """A record of the topic; `model` is None where its definition says none, and `problem` says why."""

    name: str
    version: int
    status: str
    published_at: datetime
    definition: str
    model: Model | None
    problem: str | None = None


@dataclass(frozen=True)
class Found:
    """What is on the topic: the newest record of each name and version, in its order, and what could not be read."""

    newest: dict[tuple[str, int], Published] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @property
    def in_use(self) -> Published | None:
        """The one chosen last; None where the scorecard that comes along is in use. As OfferModelBook has it."""
        used = [one for one in self.newest.values() if one.status == USED and one.model is not None]
        return max(used, key=lambda one: one.published_at, default=None)


def newest(broker: Pulsar) -> Found:
    """What is on the topic; raises Unreachable without a broker."""
    with Versions(broker, OFFER_MODELS, "model") as versions:
        return _read(versions)


def publish(broker: Pulsar, definition: str) -> Published:
    """Let jobs know a model, without using it; what was published already stays as it is."""
    return _publish(broker, lambda found: (definition, KEPT))


def use(broker: Pulsar, name: str, version: int | None, definition: str | None) -> Published:
    """Use a model from now on: the one of `definition`, else the published one; without a version the newest.

    Raises SettingsError where there is none.
    """

    def chosen(found: Found) -> tuple[str, str]:
        if definition is not None:
            return definition, USED
        there = [
            one for one in found.newest.values() if one.model and one.name == name and version in (None, one.version)
        ]
        if not there:
            known = ", ".join(f"{one} {number}" for one, number in sorted(found.newest)) or "none"
            raise SettingsError(
                f"model: {name} {version or ''} is neither in the folder nor published; there are {known}"
            )
        return max(there, key=lambda one: one.version).definition, USED

    return _publish(broker, chosen)


def _publish(broker: Pulsar, chosen: Callable[[Found], tuple[str, str]]) -> Published:
    with Versions(broker, OFFER_MODELS, "model") as versions:
        versions.take_turn()
        found = _read(versions)
        definition, status = chosen(found)
        model = parse(definition)
        before = found.newest.get((model.name, model.version))
        if before is not None and before.definition != definition and before.model is not None:
            raise SettingsError(
                f"model: another {model.name} {model.version} is published already; train again for the next version"
            )
        if before is not None and before.definition == definition and (status == KEPT or before == found.in_use):
            return before
        # The newest that was chosen is in use: a clock that is behind must not make it an older one. In milliseconds,
        # as the record has it.
        now = datetime.now(UTC)
        now = now.replace(microsecond=now.microsecond // 1000 * 1000)
        last = max((one.published_at for one in found.newest.values()), default=datetime.min.replace(tzinfo=UTC))
        record: dict[str, Any] = {
            "name": model.name,
            "version": model.version,
            "status": status,
            "published_at": max(now, last + timedelta(milliseconds=1)),
            "definition": definition,
        }
        versions.publish(record, key=f"{model.name} {model.version}")
        return Published(**record, model=model)


def _read(versions: Versions) -> Found:
    records, problems = versions.read()
    read = [_published(record) for record in records]
    # A record that is none leaves the last good one of its key, as in the jobs.
    newest: dict[tuple[str, int], Published] = {}
    for one in read:
        key = one.name, one.version
        if one.model is None:
            problems.append(f"{OFFER_MODELS.path}: {one.name} version {one.version}: {one.problem}")
        if one.model is not None or key not in newest:
            newest[key] = one
    return Found(newest, problems)


def _published(record: Mapping[str, Any]) -> Published:
    try:
        model, problem = parse(record["definition"]), None
        if (model.name, model.version) != (record["name"], record["version"]):
            raise ValueError(f"its definition is of {model.name} version {model.version}")
    except ValueError as error:
        model, problem = None, str(error)
    return Published(**record, model=model, problem=problem)
