"""Say what applying the files would change, and what the campaigns would have done on a day that landed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from campaigns import landed
from campaigns.definition import Campaign, flat
from campaigns.landed import Known
from campaigns.replay import Effect, Reach, effects, on_day, reach, replay
from campaigns.store import PAUSED, Found
from jobs.own_rules import OwnRules, load_one
from ledger.expected_coupons import Rules
from model.definition import Model
from settings import Campaigns, Stack, read
from settings.duration import text


@dataclass(frozen=True)
class Change:
    """What applying a file does: `change` is new, changed, unchanged or no file.

    `keys` are the dotted keys that differ, each with the old and the new value.
    """

    campaign: str
    change: str
    version: int | None
    status: str
    keys: dict[str, tuple[Any, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Day:
    """What each campaign would have done with the candidates of a UTC day; which rules failed, and how often.

    `reached` is of the campaigns that name segments.
    """

    day: date
    candidates: int
    effects: list[Effect]
    failed_rules: dict[str, int] = field(default_factory=dict)
    reached: dict[str, Reach] = field(default_factory=dict)


def changes(campaigns: Mapping[str, Campaign], found: Found) -> list[Change]:
    """What the files would change on the topic, by name."""
    return [_change(name, campaigns.get(name), found) for name in sorted({*campaigns, *found.newest})]


def _change(name: str, campaign: Campaign | None, found: Found) -> Change:
    before = found.newest.get(name)
    if before is None:
        return Change(name, "new", None, "active")
    if campaign is None:
        return Change(name, "no file", before.version, before.status)
    if before.campaign == campaign:
        return Change(name, "unchanged", before.version, before.status)
    old = {} if before.campaign is None else flat(before.campaign.model_dump(mode="json"))
    new = flat(campaign.model_dump(mode="json"))
    differ = {key: (old.get(key), new.get(key)) for key in dict.fromkeys((*new, *old)) if old.get(key) != new.get(key)}
    return Change(name, "changed", before.version, before.status, differ)


def would_run(campaigns: Mapping[str, Campaign], found: Found, now_ms: int) -> list[Campaign]:
    """The campaigns that would issue coupons now or later: neither paused nor over."""
    paused = {name for name, version in found.newest.items() if version.status == PAUSED}
    return [
        campaign for name, campaign in sorted(campaigns.items()) if name not in paused and campaign.ends_ms > now_ms
    ]


def on(
    day: date,
    campaigns: Sequence[Campaign],
    rules: Rules,
    folder: Path | None = None,
    model: Model | None = None,
    known: Known | None = None,
) -> Day:
    """What the campaigns would have done on a landed UTC day, as if each had begun with it.

    `model` chooses the offers of those that ask one; it and segments go by features reckoned as `known` says.
    """
    begin_ms = int(datetime.combine(day, time(), UTC).timestamp() * 1000)
    running = [on_day(campaign, begin_ms) for campaign in campaigns]
    patterns = {pattern for campaign in running for pattern in campaign.patterns}
    segmented = [campaign for campaign in running if campaign.audience.segments is not None]
    asked = known if segmented or any(campaign.choice.by == "model" for campaign in running) else None
    found = landed.candidates(day, rules, folder, patterns, asked) if running else []
    failed: Counter[str] = Counter()
    named = {campaign.rule for campaign in running if campaign.rule is not None}
    ask = OwnRules({rule: load_one(read(Campaigns).rules, rule) for rule in named}, lambda why: failed.update([why]))
    decided = replay(found, running, rules.most_per_day, rules.longest_past_ms, ask, model, apart=read(Stack).vip_apart)
    reached = {campaign.name: reach(found, campaign) for campaign in segmented}
    return Day(day, len(found), effects(decided, running), failed, reached)


def sentence(change: Change) -> str:
    """A change as a person reads it."""
    if change.change == "new":
        return f"{change.campaign}: new"
    standing = f"version {change.version}, {change.status}"
    if change.change == "no file":
        return f"{change.campaign}: applied ({standing}), but there is no file; it stays as it is"
    if change.change == "unchanged":
        return f"{change.campaign}: unchanged ({standing})"
    lines = [f"  {key}: {_told(key, old)} -> {_told(key, new)}" for key, (old, new) in change.keys.items()]
    return "\n".join([f"{change.campaign}: changed ({standing})", *lines])


def _told(key: str, value: Any) -> str:
    if key in ("starts_ms", "ends_ms") and value is not None:
        return datetime.fromtimestamp(value / 1000, UTC).isoformat()
    if key.removesuffix(".at_least").removesuffix(".at_most").endswith("_ms") and value is not None:
        return text(timedelta(milliseconds=value))
    return "none" if value is None else str(value)


def told(day: Day) -> str:
    """A day as a person reads it."""
    head = f"On {day.day} (UTC) there were {day.candidates:,} candidates; had these campaigns begun that day:"
    failed = [f"{sentence} (for {count:,} candidates)" for sentence, count in day.failed_rules.items()]
    return "\n".join([head, *(_effect(one, day.reached.get(one.campaign)) for one in day.effects), *failed])


def _effect(effect: Effect, reached: Reach | None) -> str:
    shoppers = sum(tier.shoppers for tier in effect.tiers.values())
    issued, cost = effect.outcomes["issued"], effect.cost_minor
    lines = [f"{effect.campaign}: {issued:,} issued to {shoppers:,} shoppers for {cost:,} minor {effect.currency}"]
    lines += [
        f"  {name}: {tier.coupons:,} to {tier.shoppers:,} for {tier.cost_minor:,}"
        for name, tier in sorted(effect.tiers.items())
    ]
    others = [f"{count:,} {outcome}" for outcome, count in effect.outcomes.items() if count and outcome != "issued"]
    lines += [f"  not issued: {', '.join(others)}"] if others else []
    if reached is not None:
        of = f"of {reached.shoppers:,} shoppers who met its patterns"
        lines += [f"  in {name}: {count:,} {of}" for name, count in reached.segments.items()]
    return "\n".join(lines)
