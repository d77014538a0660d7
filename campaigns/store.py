"""Read the newest version of each campaign from its topic, and publish the next."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from campaigns.definition import Campaign
from campaigns.file import across
from errors import SettingsError
from schemas.topics import CAMPAIGNS
from settings import Pulsar
from topics import numbered
from topics.numbered import Applied, Numbered

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


Found = numbered.Found[Version]


def newest(broker: Pulsar) -> Found:
    """The newest version of each campaign; raises Unreachable without a broker."""
    return _campaigns.newest(broker)


def apply(broker: Pulsar, campaigns: Mapping[str, Campaign]) -> list[Applied]:
    """Publish a version of each campaign that is new or changed; the others get none. A paused one stays paused."""

    def next_of(newest: Mapping[str, Version]) -> Iterator[tuple[str, dict[str, str]]]:
        for name, campaign in sorted(campaigns.items()):
            before = newest.get(name)
            # A definition that nobody can read is replaced, whatever it says.
            if before is None or before.campaign != campaign:
                yield before.status if before else ACTIVE, {"name": name, "definition": campaign.text}

    return _campaigns.publish(broker, next_of)


def set_status(broker: Pulsar, name: str, status: str) -> list[Applied]:
    """Publish the campaign's newest definition as active or paused, unless it is; raises SettingsError for no such."""

    def next_of(newest: Mapping[str, Version]) -> Iterator[tuple[str, dict[str, str]]]:
        before = newest.get(name)
        if before is None:
            there = ", ".join(sorted(newest)) or "none: hongbao campaign apply publishes the files"
            raise SettingsError(f"campaign: no {name!r} was applied; there are {there}")
        if before.status != status:
            yield status, {"name": name, "definition": before.definition}

    return _campaigns.publish(broker, next_of)


def _version(record: Mapping[str, Any]) -> Version:
    campaign, problem = read_definition(record["name"], record["definition"])
    if problem:
        problem = f"{CAMPAIGNS.path}: {record['name']} version {record['version']}: {problem}"
    return Version(**record, campaign=campaign, problem=problem)


_campaigns = Numbered(CAMPAIGNS, "campaign", "name", _version)


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
