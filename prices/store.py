"""Read the newest version of each price rule from its topic, and publish the next."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from campaigns.store import ACTIVE
from errors import SettingsError
from prices.file import across
from prices.rule import PriceRule
from schemas.topics import PRICE_RULES
from settings import Pulsar
from topics import numbered
from topics.numbered import Applied, Numbered


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


Found = numbered.Found[Version]


def newest(broker: Pulsar) -> Found:
    """The newest version of each rule; raises Unreachable without a broker."""
    return _rules.newest(broker)


def apply(broker: Pulsar, rules: Mapping[str, PriceRule]) -> list[Applied]:
    """Publish a version of each rule that is new or changed; the others get none. A paused one stays paused."""

    def next_of(newest: Mapping[str, Version]) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for category, rule in sorted(rules.items()):
            before = newest.get(category)
            if before is None or before.rule != rule:
                yield before.status if before else ACTIVE, rule.model_dump()

    return _rules.publish(broker, next_of)


def set_status(broker: Pulsar, category: str, status: str) -> list[Applied]:
    """Publish the category's newest rule as active or paused, unless it is; raises SettingsError for no such."""

    def next_of(newest: Mapping[str, Version]) -> Iterator[tuple[str, Mapping[str, Any]]]:
        before = newest.get(category)
        if before is None:
            there = ", ".join(sorted(newest)) or "none: hongbao price apply publishes the files"
            raise SettingsError(f"price: no rule for {category!r} was applied; there are {there}")
        if before.status != status:
            yield status, before.record

    return _rules.publish(broker, next_of)


def _version(record: Mapping[str, Any]) -> Version:
    rule, problem = _rule({name: record[name] for name in PriceRule.model_fields})
    if problem:
        problem = f"{PRICE_RULES.path}: {record['category']} version {record['version']}: {problem}"
    own = {name: record[name] for name in ("category", "version", "status", "applied_at")}
    return Version(**own, rule=rule, problem=problem, record=record)


_rules = Numbered(PRICE_RULES, "price rule", "category", _version)


def _rule(definition: Mapping[str, Any]) -> tuple[PriceRule | None, str | None]:
    try:
        rule = PriceRule.model_validate(definition)
    except ValidationError as error:
        first = error.errors()[0]
        return None, f"{first['loc'][0]}: {first['msg']}, got {first['input']!r:.100}"
    for fault in across(rule):
        return None, f"{fault.key}: {fault.sentence}"
    return rule, None
