"""Compute what a drill shows, from what the shop was promised, what landed, and what the subscriber did."""

import json
import sqlite3
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from campaigns.definition import Campaign
from drills.claims import Claims, claims
from drills.scene import Scene
from jobs.conversion import Conversion
from jobs.coupons import Coupons
from ledger.reckoning import reckon, rules_of
from settings import Stack, Warehouse, read
from warehouse.connection import opened
from warehouse.differences import conversion

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Outcome:
    """Counts of events and coupons; `recovery_s` is from the fault's last harm to the coupons' p99 below 1 s.

    `coupons_expected` are those that an independent calculation over the landed events is certain of; `findings` are
    its differences from what the job gave, after what the fault saw. `published` counts messages that must be dead
    letters as well; lost is what neither landed nor died. `misjudged` are events that are late or dead and should not
    be, or should be and are not. `conversion_differences` and `claims` are None where nobody asked.
    """

    published: int
    landed: int
    dead_lettered: int
    late: int
    lost: int
    duplicates_landed: int
    misjudged: int
    coupons_expected: int
    coupons_received: int
    coupons_effective_duplicates: int
    coupons_not_received: int
    recovery_s: float
    findings: list[str]
    conversion_differences: int | None = None
    claims: Claims | None = None

    @property
    def whole(self) -> bool:
        """Whether every promise was kept."""
        wrong = (
            self.lost
            + self.duplicates_landed
            + self.misjudged
            + self.coupons_effective_duplicates
            + self.coupons_not_received
            + (self.conversion_differences or 0)
            + (self.claims.wrong if self.claims else 0)
        )
        return wrong == 0 and not self.findings and self.landed > 0 and self.coupons_received > 0

    def plain(self) -> dict[str, Any]:
        return asdict(self)


def outcome(scene: Scene, figures: bool = False, campaign: Campaign | None = None) -> Outcome:
    """What the warehouse of the settings in force and the scene's files say, once everything is quiet.

    A line of accepted-*.txt in the scene's folder is the id of an event that must land, in time for conversion; of
    behind-*.txt, of one that must land and be late; of dead-*.txt, of a message that must be a dead letter. With a
    `campaign` the claims of its envelopes are accounted for.
    """
    folder = read(Warehouse).folder
    apart = read(Stack).vip_apart
    reckoning = reckon(rules_of(read(Coupons)), folder, apart=apart)
    database, _ = opened(folder)
    try:
        database.register("effects", _effects(scene.effects))
        for promise in ("accepted", "behind", "dead"):
            database.register(promise, pa.table({"id": pa.array(_noted(scene.folder, promise), pa.string())}))
        counts = _row(database, "outcome", {})
        claimed = None if campaign is None else claims(database, campaign, apart)
        recovered_ms = _row(database, "recovery", {"fault_ms": scene.harmed_ms})["recovered_ms"] or scene.harmed_ms
    finally:
        database.close()
    return Outcome(
        **counts,
        coupons_expected=reckoning.expected,
        recovery_s=round((recovered_ms - scene.harmed_ms) / 1000, 1),
        findings=[*scene.findings, *(json.dumps(asdict(finding)) for finding in reckoning.findings[:10])],
        conversion_differences=len(conversion(read(Conversion).currency, folder)) if figures else None,
        claims=claimed,
    )


def _noted(folder: Path, promise: str) -> list[str]:
    files = sorted(folder.glob(f"{promise}-*.txt"))
    return [line for file in files for line in file.read_text(encoding="ascii").splitlines()]


def _effects(file: Path) -> pa.Table:
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as database:
        answer = database.execute("SELECT * FROM effects")
        names, rows = [column[0] for column in answer.description], answer.fetchall()
    kinds = [pa.int64() if name.endswith("_ms") else pa.string() for name in names]
    return pa.table([pa.array([row[n] for row in rows], kind) for n, kind in enumerate(kinds)], names=names)


def _row(database: duckdb.DuckDBPyConnection, name: str, values: dict[str, Any]) -> dict[str, Any]:
    answer = database.execute((FOLDER / f"{name}.sql").read_text(encoding="utf-8"), values)
    names = [column[0] for column in answer.description or []]
    (row,) = answer.fetchall()
    return dict(zip(names, row, strict=True))
