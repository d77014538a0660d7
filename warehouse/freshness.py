"""Measure how soon after publication an event can be queried.

A file appears by a rename, which sets its change time (ctime). Only files that the landing job wrote tell anything:
what compaction has put together is left out, and so is a file that something else has rewritten.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from settings import Warehouse, read
from warehouse.connection import connect, text
from warehouse.files import is_merged, live

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Freshness:
    """Seconds from publication to visibility over `events` events; None when there are none."""

    events: int
    p50_s: float | None
    p99_s: float | None
    max_s: float | None


def measure(folder: Path | None = None, since: datetime = LONG_AGO) -> Freshness:
    """The freshness of events published at `since` or later, over the files that lie in `folder` now."""
    folder = (folder or read(Warehouse).folder).resolve()
    files = [path for path in live(folder, "events") if not is_merged(path)]
    if not files:
        return Freshness(0, None, None, None)
    values = {
        "files": [str(path) for path in files],
        "visible_s": [path.stat().st_ctime_ns / 1e9 for path in files],
        "since": since,
    }
    with connect(folder) as warehouse:
        row = warehouse.execute(text("freshness"), values).fetchone()
    assert row is not None
    return Freshness(*row)
