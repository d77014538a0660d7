"""Read the newest version of each campaign from its topic, and publish the next."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from pydantic import ValidationError

from campaigns.definition import Campaign
from campaigns.file import across
from errors import SettingsError
from schemas.topics import CAMPAIGNS
from settings import Pulsar
from topics.versions import Versions

ACTIVE, PAUSED = "active", "paused"


@dataclass(frozen=True)
class Version:
    """A record of the topic; `campaign` is None where its definition is none, and `problem` says why."""

    name: str
    version: int
    status: str
    applied_at: datetime
    definition: str
    campaign: Campaign | None
    problem: str | None = None


@dataclass(frozen=True)
class Found:
    """What is on the topic: the newest version of each name, and what could not be read."""

    newest: dict[str, Version] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


class Applied(NamedTuple):
    """A version that was published."""

    name: str
    version: int
    status: str


def newest(broker: Pulsar) -> Found:
    """The newest version of each campaign; raises Unreachable without a broker."""
    with Versions(broker, CAMPAIGNS, "campaign") as versions:
        return _read(versions)


def apply(broker: Pulsar, campaigns: Mapping[str, Campaign]) -> list[Applied]:
    """Publish a version of each campaign that is new or changed; the others get none. A paused one stays paused."""

    def next_of(found: Found) -> Iterator[tuple[str, str, str]]:
        for name, campaign in sorted(campaigns.items()):
            before = found.newest.get(name)
            # A definition that nobody can read is replaced, whatever it says.
            if before is None or before.campaign != campaign:
                yield name, before.status if before else ACTIVE, campaign.text

    return _publish(broker, next_of)


def set_status(broker: Pulsar, name: str, status: str) -> list[Applied]:
    """Publish the campaign's newest definition as active or paused, unless it is; raises SettingsError for no such."""

    def next_of(found: Found) -> Iterator[tuple[str, str, str]]:
        before = found.newest.get(name)
        if before is None:
            there = ", ".join(sorted(found.newest)) or "none: hongbao campaign apply publishes the files"
            raise SettingsError(f"campaign: no {name!r} was applied; there are {there}")
        if before.status != status:
            yield name, status, before.definition

    return _publish(broker, next_of)


def _publish(broker: Pulsar, next_of: Callable[[Found], Iterator[tuple[str, str, str]]]) -> list[Applied]:
    """Read, decide and publish as the topic's only producer: so no two operators give one number twice."""
    published = []
    with Versions(broker, CAMPAIGNS, "campaign") as versions:
        versions.take_turn()
        found = _read(versions)
        for name, status, definition in next_of(found):
            before = found.newest.get(name)
            version = before.version + 1 if before else 1
            record = {
                "name": name,
                "version": version,
                "status": status,
                "applied_at": datetime.now(UTC),
                "definition": definition,
            }
            versions.publish(record, key=name)
            published.append(Applied(name, version, status))
    return published


def _read(versions: Versions) -> Found:
    records, problems = versions.read()
    read = [_version(record) for record in records]
    return Found({version.name: version for version in read}, problems)


def _version(record: Mapping[str, Any]) -> Version:
    campaign, problem = read_definition(record["name"], record["definition"])
    if problem:
        problem = f"{CAMPAIGNS.path}: {record['name']} version {record['version']}: {problem}"
    return Version(**record, campaign=campaign, problem=problem)


def read_definition(name: str, definition: str) -> tuple[Campaign | None, str | None]:
    """The campaign that a definition's JSON says, or None and why it says none."""
    try:
        campaign = Campaign.parse(definition)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "definition"
        return None, f"{where}: {first['msg']}, got {first['input']!r:.100}"
    if campaign.name != name:
        return None, f"name: it must be {name!r}, got {campaign.name!r}"
    if campaign.ends_ms <= campaign.starts_ms:
        return None, f"ends_ms: it must be after starts_ms {campaign.starts_ms}, got {campaign.ends_ms}"
    for fault in across(json.loads(definition)):
        return None, f"{fault.key}: {fault.sentence}"
    return campaign, None
