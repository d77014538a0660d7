"""Keep the sale's campaign files as an operator does: apply them, change two, get one wrong."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from campaigns import store
from campaigns.definition import Campaign
from campaigns.folder import valid
from errors import HongbaoError, SettingsError
from ingest import Publisher
from schemas.topics import CAMPAIGNS
from settings import Pulsar
from topics.numbered import Applied

FILES = Path(__file__).parent / "campaigns"
ZONE = ZoneInfo("Asia/Shanghai")
# In the middle of the sale: what stands in the file, and what instead.
CHANGES = {"sale-hesitation": ("percent = 10", "percent = 15"), "sale-basket": ("percent = 8", "percent = 12")}
# A slip of the keyboard, a key that is none, and a pattern that nobody wrote.
SLIPS = (("percent = 8", "percent = 812"), ("per_shopper", "per_shoper"), ("abandoned_cart", "abandoned_basket"))
SLIPPED, SLIPPED_FROM = "sale-lottery", "sale-basket"
# Gets the record that no `apply` would publish.
BROKEN = "sale-red-envelope"


@dataclass
class Folder:
    """Files of its own in `folder`, whose window is around now; publishes to `broker`."""

    folder: Path
    broker: Pulsar
    applied: dict[str, store.Version] = field(default_factory=dict)
    wrong_file: list[str] = field(default_factory=list)
    wrong_record: tuple[str, int, datetime] | None = None

    def write(self, now: datetime) -> None:
        """Write the six files; they began an hour ago and end tomorrow."""
        self.folder.mkdir(parents=True)
        for path in sorted(FILES.glob("*.toml")):
            text = _dated(path.read_text(encoding="utf-8"), now - timedelta(hours=1), now + timedelta(days=1))
            (self.folder / path.name).write_text(text, encoding="utf-8")

    @property
    def campaigns(self) -> Mapping[str, Campaign]:
        return valid(self.folder)

    def apply(self) -> list[Applied]:
        """As `hongbao campaign apply`: every fault is told and nothing published, or what is new is."""
        return store.apply(self.broker, valid(self.folder))

    def change(self) -> list[Applied]:
        """Change two files and apply; `applied` has when."""
        for name, (old, new) in CHANGES.items():
            path = self.folder / f"{name}.toml"
            path.write_text(_replaced(path.read_text(encoding="utf-8"), old, new), encoding="utf-8")
        published = self.apply()
        newest = store.newest(self.broker).newest
        self.applied = {one.key: newest[one.key] for one in published}
        return published

    def slip(self) -> list[str]:
        """Write a file that is wrong, try to apply it, and take it away: what was answered, a fault a line."""
        path = self.folder / f"{SLIPPED}.toml"
        text = (self.folder / f"{SLIPPED_FROM}.toml").read_text(encoding="utf-8").replace(SLIPPED_FROM, SLIPPED)
        for old, new in SLIPS:
            text = _replaced(text, old, new)
        path.write_text(text, encoding="utf-8")
        try:
            self.apply()
        except SettingsError as error:
            self.wrong_file = [line.removeprefix(f"{self.folder}/") for line in str(error).splitlines()]
        path.unlink()
        return self.wrong_file

    def put_broken(self, now: datetime) -> None:
        """Put a version whose definition says nothing on the topic, as a program that knows no `apply` could."""
        version = store.newest(self.broker).newest[BROKEN].version + 1
        record = {"name": BROKEN, "version": version, "status": store.ACTIVE, "applied_at": now, "definition": "{}"}
        with Publisher(self.broker, topic=CAMPAIGNS.path, record=CAMPAIGNS.record) as publisher:
            publisher.send(publisher.encode(record), BROKEN, None)
        self.wrong_record = (BROKEN, version, now)


@dataclass
class Plan:
    """What happens in the middle of the sale: each step once, when its share of the `events` has been sent."""

    events: int
    steps: list[tuple[float, Callable[[], None]]]

    def go(self, sent: int) -> None:
        while self.steps and sent >= self.steps[0][0] * self.events:
            _, step = self.steps.pop(0)
            step()


def _dated(text: str, starts: datetime, ends: datetime) -> str:
    for key, moment in (("starts", starts), ("ends", ends)):
        local = moment.astimezone(ZONE).replace(tzinfo=None).isoformat(timespec="seconds")
        text, found = re.subn(rf"^{key} = .*$", f"{key} = {local}", text, flags=re.MULTILINE)
        if found != 1:
            raise HongbaoError(f"demo: a campaign file has {found} lines of {key!r}, not one")
    return text


def _replaced(text: str, old: str, new: str) -> str:
    if old not in text:
        raise HongbaoError(f"demo: no {old!r} in the campaign file to make {new!r} of")
    return text.replace(old, new)
