"""Read a campaign's file, and say everything that is wrong with it, a sentence each."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, ValidationError

from campaigns.definition import (
    Budget,
    Campaign,
    Caps,
    Choice,
    Count,
    Holdout,
    Lane,
    Limits,
    Name,
    Offer,
    Part,
    RuleName,
    Text,
    TimeZone,
)
from campaigns.faults import Fault, fault_of, read_toml
from campaigns.segments import FileAudience, Segments
from errors import SettingsError
from jobs import own_rules, sql
from settings import Campaigns, read
from settings.duration import Duration
from settings.reader import ROOT

MS = timedelta(milliseconds=1)
PATTERNS = ROOT / "jobs" / "patterns"
# Which keys say what an offer is worth, by kind; the others mean nothing there.
WORTH = {"coupon": ("percent", "minor", "most_minor"), "points": ("points", "cost_minor"), "prize": ("cost_minor",)}
EXAMPLES = {
    "name": "the file's stem",
    "starts": "a local time such as 2027-02-05T00:00:00",
    "ends": "a local time such as 2027-02-20T00:00:00",
    "time_zone": 'an IANA time zone such as "Asia/Shanghai"',
    "patterns": 'a list such as ["hesitation"]',
    "valid_for": 'how long an offer can be used, such as "1 d"',
    "offers": "at least one [[offers]]",
}


def _local(value: Any) -> Any:
    if not isinstance(value, datetime) or value.tzinfo is not None or not 2000 <= value.year < 2200:
        raise ValueError("a local time from 2000 on without an offset, such as 2027-02-05T00:00:00")
    return value


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("a duration above 0, such as '10 min'")
    return value


def _known(value: str) -> str:
    known = patterns()
    if value not in known:
        raise ValueError(f"a pattern of jobs/patterns: {', '.join(known)}")
    return value


def _rule(value: str) -> str:
    folder = read(Campaigns).rules
    known = own_rules.names(folder)
    if value not in known:
        raise ValueError(f"a rule of {folder}: {', '.join(known) or 'there is none'}")
    try:
        own_rules.load_one(folder, value)
    except SettingsError as error:
        raise ValueError(f"a rule that can be asked ({error})") from None
    return value


LocalTime = Annotated[datetime, BeforeValidator(_local)]
Wait = Annotated[Duration, AfterValidator(_positive)]


class FileOffer(Offer):
    """An offer as written: what is written is more than 0."""

    percent: int = Field(0, ge=1, le=100)
    minor: Count = 0
    most_minor: Count = 0
    points: Count = 0


class FileCaps(Limits):
    """The caps as written."""

    cooldown: Duration = timedelta(0)


class CampaignFile(Part):
    """A campaign as its file has it: local times, durations with their unit."""

    name: Name
    description: str = ""
    starts: LocalTime
    ends: LocalTime
    time_zone: TimeZone
    patterns: Annotated[tuple[Annotated[Text, AfterValidator(_known)], ...], Field(strict=False, min_length=1)]
    priority: int = Field(0, ge=0, le=1000)
    exclusive_group: Text | None = None
    lane: Lane = "by_tier"
    valid_for: Wait
    deadline: Wait | None = None
    audience: FileAudience = FileAudience()
    offers: Annotated[tuple[FileOffer, ...], Field(strict=False, min_length=1)]
    caps: FileCaps = FileCaps()
    budget: Budget = Budget()
    holdout: Holdout = Holdout()
    rule: Annotated[RuleName, AfterValidator(_rule)] | None = None
    # How many times the usual traffic its opening is expected to bring: for `hongbao autoscale`, and no part of it.
    expected_traffic: Annotated[float, Field(strict=False, ge=1, le=1000)] | None = None
    choice: Choice = Choice()

    def campaign(self, segments: Segments) -> Campaign:
        """The same in milliseconds, and with the segments it names, as the topic carries it."""
        same = self.model_dump(
            exclude={"description", "expected_traffic", "starts", "ends", "valid_for", "deadline", "audience", "caps"}
        )
        return Campaign(
            **same,
            audience=self.audience.with_bounds(segments),
            starts_ms=moment_ms(self.starts, self.time_zone),
            ends_ms=moment_ms(self.ends, self.time_zone),
            valid_ms=self.valid_for // MS,
            deadline_ms=None if self.deadline is None else self.deadline // MS,
            caps=Caps(**self.caps.model_dump(exclude={"cooldown"}), cooldown_ms=self.caps.cooldown // MS),
        )


PARTS: Mapping[str, type[BaseModel]] = {
    "audience": FileAudience,
    "offers": FileOffer,
    "caps": FileCaps,
    "budget": Budget,
    "holdout": Holdout,
    "choice": Choice,
}


def patterns() -> list[str]:
    """The names of the patterns there are."""
    return sorted(path.stem for path in PATTERNS.glob("*.sql"))


def moment_ms(local: datetime, time_zone: str) -> int:
    """The moment of a local time, in milliseconds since 1970.

    Of a time that the clock shows twice, in autumn, the first; one that it skips, in spring, is as much later as the
    clock jumps: 02:30 is 03:30. Java's ZonedDateTime does the same.
    """
    return (local.replace(tzinfo=ZoneInfo(time_zone), fold=0).astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // MS


def read_file(path: Path, segments: Segments | None = None) -> tuple[Campaign | None, list[str]]:
    """The campaign in the file, or None with every fault, each a sentence that begins with the file's name.

    It may name the `segments`.
    """
    raw, fault = read_toml(path)
    if fault:
        return None, [fault]
    campaign, faults = check(raw, path.stem, segments or {})
    return campaign, [f"{path}: {fault.key}: {fault.sentence}" for fault in faults]


def check(raw: Mapping[str, Any], stem: str, segments: Segments) -> tuple[Campaign | None, list[Fault]]:
    """The campaign that the TOML of `<stem>.toml` says, or None with every fault."""
    try:
        campaign = CampaignFile.model_validate(raw, context=segments).campaign(segments)
        faults = list(featureless(campaign))
    except ValidationError as error:
        campaign = None
        found = error.errors()
        # A list with a wrong item has too few right ones: that says nothing new.
        deeper = {one["loc"][:n] for one in found for n in range(len(one["loc"]))}
        faults = [_fault(raw, one) for one in found if not (one["type"] == "too_short" and one["loc"] in deeper)]
    if isinstance(raw.get("name"), str) and raw["name"] != stem:
        faults.append(Fault("name", f"it must be the file's stem {stem!r}, got {raw['name']!r}"))
    if campaign is not None and campaign.ends_ms <= campaign.starts_ms:
        faults.append(Fault("ends", f"it must be after starts {raw['starts']}, got {raw['ends']}"))
    faults += across(raw)
    # One key, one sentence: the first says most.
    faults = [fault for number, fault in enumerate(faults) if fault.key not in {one.key for one in faults[:number]}]
    return (None if faults else campaign), faults


def featureless(campaign: Campaign) -> Iterator[Fault]:
    """The patterns of whose candidates nothing is known that a segment could ask."""
    if campaign.audience.segments is None:
        return
    without = [name for name in campaign.patterns if not sql.calls(PATTERNS / f"{name}.sql", "FEATURES")]
    if without:
        what = (
            f"nobody of {', '.join(without)} is in one; give FEATURES(shopper, category) in {PATTERNS} or leave it out"
        )
        yield Fault("audience.segments", f"{what}, got {list(campaign.audience.segments)}")


def across(raw: Mapping[str, Any]) -> Iterator[Fault]:
    """What is wrong between keys, each right alone; for a file's TOML and for a definition's JSON, however wrong."""
    listed = raw.get("offers")
    offers = {n: offer for n, offer in enumerate(listed if isinstance(listed, Sequence) else ()) if _is_offer(offer)}
    names = [offer.get("name") for offer in offers.values()]
    for number, offer in offers.items():
        yield from _offer(f"offers.{_name(raw, number)}", offer)
        if offer.get("name") is not None and names.index(offer["name"]) < list(offers).index(number):
            yield Fault(f"offers.{number + 1}.name", f"another offer has it; rename one, got {offer['name']!r}")
    with_odds = [odds for offer in offers.values() if isinstance(odds := offer.get("odds"), int | float)]
    if with_odds and len(with_odds) < len(offers):
        without = [_name(raw, number) for number, offer in offers.items() if offer.get("odds") is None]
        yield Fault("offers", f"odds stand in all offers or in none, got none in {', '.join(without)}")
    elif sum(with_odds) > 1 + 1e-9:
        yield Fault("offers", f"the odds together must be at most 1, got {sum(with_odds):g}")
    choice = raw.get("choice")
    if with_odds and isinstance(choice, Mapping) and choice.get("by") == "model":
        yield Fault("choice.by", "offers with odds are drawn; leave out the odds or the choice, got 'model'")
    holdout = raw.get("holdout")
    if isinstance(holdout, Mapping) and holdout.get("share") and not holdout.get("salt"):
        yield Fault("holdout.salt", f'required with share, such as "2027", got {holdout.get("salt")!r}')


def _is_offer(value: Any) -> bool:
    return isinstance(value, Mapping)


def _offer(key: str, offer: Mapping[str, Any]) -> Iterator[Fault]:
    kind = offer.get("kind", "coupon")
    if kind not in WORTH:
        return
    given = {name for names in WORTH.values() for name in names if offer.get(name)}
    for name in sorted(given - set(WORTH[kind])):
        yield Fault(f"{key}.{name}", f"kind {kind!r} has {' and '.join(WORTH[kind])} alone, got {offer[name]!r}")
    if kind == "points" and "points" not in given:
        yield Fault(f"{key}.points", "required with kind 'points', at least 1, got None")
    if kind != "coupon":
        return
    if len(given & {"percent", "minor"}) != 1:
        got = f"percent {offer.get('percent')!r} and minor {offer.get('minor')!r}"
        yield Fault(f"{key}.percent", f"a coupon has exactly one of percent and minor, got {got}")
    elif "percent" in given and "most_minor" not in given:
        yield Fault(f"{key}.most_minor", "required with percent: what the discount may not exceed, got None")
    elif "minor" in given and "most_minor" in given:
        yield Fault(f"{key}.most_minor", f"only percent has a most_minor, got {offer['most_minor']!r}")


def _name(raw: Mapping[str, Any], number: int) -> str:
    """An offer's name where it has one of its own, else its number from 1."""
    names = [offer.get("name") if _is_offer(offer) else None for offer in raw["offers"]]
    name = names[number]
    return name if isinstance(name, str) and names.count(name) == 1 else str(number + 1)


def _fault(raw: Mapping[str, Any], error: Any) -> Fault:
    """What pydantic found: `offers` by name, or else, as in any list, by number from 1."""
    where = list(error["loc"])
    key = ".".join(_part(raw, where, number) for number in range(len(where)))
    part = PARTS.get(str(where[0]), CampaignFile) if where[1:] else CampaignFile
    return fault_of(error, key, part, EXAMPLES.get(key, "it: every offer has one"))


def _part(raw: Mapping[str, Any], where: Sequence[str | int], number: int) -> str:
    part = where[number]
    if isinstance(part, str):
        return part
    return _name(raw, part) if where[:number] == ["offers"] else str(part + 1)
