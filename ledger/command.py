"""Answer `hongbao ledger`: ask the broker how far the landing job is, the books and the warehouse for the rest."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from errors import CannotRun
from ledger.account import FAR_AHEAD, LONG_AGO, Account, Asked, Finding, Positions, account
from ledger.reckoning import Reckoning, reckon, rules_of
from ledger.report import report
from pressure.moved import BOOK
from schemas.topics import CLICK_TOPICS
from settings import Pulsar, Stack, read
from stack.pulsar_admin import PulsarAdmin

# A job acknowledges when a checkpoint is complete, and only then renames its files: that is given so long.
RENAME_S = 2.0


@dataclass(frozen=True)
class Answer:
    """The account, and the reckoning where it was asked for."""

    account: Account
    reckoning: Reckoning | None

    @property
    def findings(self) -> list[Finding]:
        return self.account.findings + (self.reckoning.findings if self.reckoning else [])

    @property
    def text(self) -> str:
        return report(self.account, self.reckoning)

    @property
    def plain(self) -> dict[str, Any]:
        """For JSON: everything, each finding named."""
        reckoned = self.reckoning and {key: value for key, value in asdict(self.reckoning).items() if key != "findings"}
        named = [asdict(finding) for finding in self.findings]
        return {**asdict(self.account), "rules": reckoned, "findings": named, "whole": self.account.whole}


def answer(
    books: Sequence[Path],
    receipts: Sequence[Path],
    since: datetime | None,
    until: datetime | None,
    settled: bool,
    check_rules: bool,
    say: Callable[[str], None],
) -> Answer:
    """The answer for the warehouse and the broker of the settings; times without a zone are UTC."""
    asked = Asked(
        books=tuple(books),
        receipts=tuple(receipts),
        since=since.replace(tzinfo=UTC) if since else LONG_AGO,
        until=until.replace(tzinfo=UTC) if until else FAR_AHEAD,
        settled=settled,
        positions={} if settled else _positions(say),
        moved=(read(Stack).folder / BOOK,),
    )
    accounted = account(asked)
    reckoning = None
    if check_rules:
        from jobs.coupons import Coupons

        reckoning = reckon(rules_of(read(Coupons)), apart=read(Stack).vip_apart)
    return Answer(accounted, reckoning)


def _positions(say: Callable[[str], None]) -> Positions:
    pulsar = read(Pulsar)
    try:
        with PulsarAdmin(pulsar.admin_url) as admin:
            topics = [pulsar.topic(topic.path) for topic in CLICK_TOPICS]
            found = {ledger: at for topic in topics for ledger, at in admin.positions(topic, "landing").items()}
    except CannotRun as error:
        say(f"{error}; what is nowhere counts as pending for a minute after its publication, then as lost")
        return {}
    time.sleep(RENAME_S)
    return found
