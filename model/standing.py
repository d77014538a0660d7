"""Say which models there are, which is in use, and what came of what they chose."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import warehouse
from model import folder as files
from model.definition import Model
from model.outcomes import outcomes
from model.store import Found

SQL = Path(__file__).parent / "standing.sql"


@dataclass(frozen=True)
class Version:
    """A version of a model: where it is (folder, topic, both or along), whether in use, and its training's AUC."""

    name: str
    version: int
    kind: str
    where: str
    in_use: bool
    published_at: str | None
    auc: float | None


@dataclass(frozen=True)
class Chosen:
    """What a version chose, as landed: of the decisions that are over, what was expected and what share ordered."""

    model: str
    decisions: int
    explored: int
    over: int
    expected: float | None
    ordered: float | None
    last_at: str


def versions(folder: Path, found: Found, along: Model) -> list[Version]:
    """Every version in the folder and on the topic, and the scorecard that comes along."""
    saved = {
        (name, number): files.load(folder, name, number)
        for name in files.names(folder)
        for number in files.versions(folder, name)
    }
    in_use = found.in_use
    used = (along.name, along.version) if in_use is None else (in_use.name, in_use.version)
    rows = []
    for key in sorted({*saved, *found.newest, (along.name, along.version)}):
        published, on_disk = found.newest.get(key), saved.get(key)
        model = on_disk.model if on_disk else published.model if published else along
        report: dict[str, Any] = on_disk.report if on_disk else {}
        rows.append(
            Version(
                *key,
                kind=model.kind if model else "unreadable",
                where=_where(on_disk is not None, published is not None),
                in_use=key == used,
                published_at=None if published is None else published.published_at.isoformat(timespec="seconds"),
                auc=report.get("auc", {}).get("model"),
            )
        )
    return rows


def chosen(horizon: timedelta, folder: Path | None = None) -> list[Chosen]:
    """What each version chose in what has landed, the newest first."""
    over: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for one in outcomes(horizon, folder=folder):
        # Who is held out got nothing of what was expected to sell.
        if (
            one.model is not None
            and one.propensity is not None
            and any(one.inputs[name] for name in ("discount_minor", "points", "prize_minor"))
        ):
            over[one.model].append((one.propensity, one.ordered))
    rows = warehouse.query(SQL.read_text(encoding="utf-8"), folder)
    return [
        Chosen(
            row["model"],
            row["decisions"],
            row["explored"],
            len(known := over[row["model"]]),
            sum(expected for expected, _ in known) / len(known) if known else None,
            sum(ordered for _, ordered in known) / len(known) if known else None,
            row["last_at"].isoformat(timespec="seconds"),
        )
        for row in rows
    ]


def _where(on_disk: bool, published: bool) -> str:
    return {(True, True): "folder, topic", (True, False): "folder", (False, True): "topic"}.get(
        (on_disk, published), "comes along"
    )
