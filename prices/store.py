"""Read the newest version of each price rule from its topic, and publish the next."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from pydantic import ValidationError

from campaigns.store import ACTIVE
from errors import SettingsError
from prices.file import across
from prices.rule import PriceRule
from schemas.topics import PRICE_RULES
from settings import Pulsar
from topics.versions import Versions


@dataclass(frozen=True)
class Version:
    """A record of the topic; `rule` is None where the job refuses it, and `problem` says why."""

    category: str
    version: int
    status: str
    applied_at: datetime
    rule: PriceRule | None
    problem: str | None
    record: Mapping[str, Any]


@dataclass(frozen=True)
class Found:
    """What is on the topic: the newest version of each category, and what could not be read."""

    newest: dict[str, Version] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


class Applied(NamedTuple):
    """A version that was published."""

    category: str
    version: int
    status: str


def newest(broker: Pulsar) -> Found:
    """The newest version of each rule; raises Unreachable without a broker."""
    with Versions(broker, PRICE_RULES, "price rule") as versions:
        return _read(versions)


def apply(broker: Pulsar, rules: Mapping[str, PriceRule]) -> list[Applied]:
    """Publish a version of each rule that is new or changed; the others get none. A paused one stays paused."""

    def next_of(found: Found) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for category, rule in sorted(rules.items()):
            before = found.newest.get(category)
            if before is None or before.rule != rule:
                yield before.status if before else ACTIVE, rule.model_dump()

    return _publish(broker, next_of)


def set_status(broker: Pulsar, category: str, status: str) -> list[Applied]:
    """Publish the category's newest rule as active or paused, unless it is; raises SettingsError for no such."""

    def next_of(found: Found) -> Iterator[tuple[str, Mapping[str, Any]]]:
        before = found.newest.get(category)
        if before is None:
            there = ", ".join(sorted(found.newest)) or "none: hongbao price apply publishes the files"
            raise SettingsError(f"price: no rule for {category!r} was applied; there are {there}")
        if before.status != status:
            yield status, before.record

    return _publish(broker, next_of)


def _publish(broker: Pulsar, next_of: Callable[[Found], Iterator[tuple[str, Mapping[str, Any]]]]) -> list[Applied]:
    published = []
    with Versions(broker, PRICE_RULES, "price rule") as versions:
        versions.take_turn()
        found = _read(versions)
        for status, definition in next_of(found):
            category = definition["category"]
            before = found.newest.get(category)
            version = before.version + 1 if before else 1
            own = {"version": version, "status": status, "applied_at": datetime.now(UTC)}
            versions.publish({**definition, **own}, key=category)
            published.append(Applied(category, version, status))
    return published


def _read(versions: Versions) -> Found:
    records, problems = versions.read()
    read = [_version(record) for record in records]
    return Found({version.category: version for version in read}, problems)


def _version(record: Mapping[str, Any]) -> Version:
    rule, problem = _rule({name: record[name] for name in PriceRule.model_fields})
    if problem:
        problem = f"{PRICE_RULES.path}: {record['category']} version {record['version']}: {problem}"
    own = {name: record[name] for name in ("category", "version", "status", "applied_at")}
    return Version(**own, rule=rule, problem=problem, record=record)


def _rule(definition: Mapping[str, Any]) -> tuple[PriceRule | None, str | None]:
    try:
        rule = PriceRule.model_validate(definition)
    except ValidationError as error:
        first = error.errors()[0]
        return None, f"{first['loc'][0]}: {first['msg']}, got {first['input']!r:.100}"
    for fault in across(rule):
        return None, f"{fault.key}: {fault.sentence}"
    return rule, None
