"""Say how each applied campaign stands: its version, whether it runs, and what it has issued so far."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import warehouse
from campaigns.definition import Campaign
from campaigns.store import PAUSED, Found, Version

DECIDED = Path(__file__).parent / "decided.sql"


@dataclass(frozen=True)
class Standing:
    """One applied campaign. `state` is running, upcoming, over, paused or unreadable; `file` is same, differs or none.

    What is issued, held out, past its deadline and spent is as landed: some seconds old. A budget of None has no bound.
    """

    campaign: str
    version: int
    state: str
    file: str
    applied_at: str
    issued: int
    held_out: int
    past_deadline: int
    cost_minor: int
    budget_minor: int | None
    pieces: int | None


def standings(
    found: Found, campaigns: Mapping[str, Campaign], now_ms: int, folder: Path | None = None
) -> list[Standing]:
    """How each campaign on the topic stands, by name; `campaigns` are the files, `folder` the warehouse."""
    decided = {row["campaign"]: row for row in warehouse.query(DECIDED.read_text(encoding="utf-8"), folder)}
    rows = []
    for name, version in sorted(found.newest.items()):
        counts = decided.get(name, {})
        budget = version.campaign.budget if version.campaign else None
        rows.append(
            Standing(
                campaign=name,
                version=version.version,
                state=state(version, now_ms),
                file=_file(campaigns.get(name), version),
                applied_at=version.applied_at.isoformat(timespec="seconds"),
                issued=counts.get("issued", 0),
                held_out=counts.get("held_out", 0),
                past_deadline=counts.get("past_deadline", 0),
                cost_minor=counts.get("cost_minor", 0),
                budget_minor=budget.money_minor if budget else None,
                pieces=budget.pieces if budget else None,
            )
        )
    return rows


def state(version: Version, now_ms: int) -> str:
    """What the campaign does now."""
    if version.campaign is None:
        return "unreadable"
    if version.campaign.ends_ms <= now_ms:
        return "over"
    if version.status == PAUSED:
        return PAUSED
    return "running" if version.campaign.starts_ms <= now_ms else "upcoming"


def _file(campaign: Campaign | None, version: Version) -> str:
    if campaign is None:
        return "none"
    return "same" if campaign == version.campaign else "differs"
