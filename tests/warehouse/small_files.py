"""A warehouse of small files, and what readers see of it while it is compacted."""

import os
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq

import warehouse
from tests.warehouse.landing import START, event, land
from warehouse.files import live, visits_of

NO_GRACE = timedelta(0)
LONG = timedelta(hours=1)


def ids(folder: Path) -> list[str]:
    """What a reader through the warehouse sees, repeats included."""
    return sorted(row["event_id"] for row in warehouse.query("SELECT event_id FROM events", folder))


def plain_ids(folder: Path) -> list[str]:
    """What a reader sees that knows nothing of compaction."""
    files = [path for path in (folder / "events").glob("*/*/*.parquet") if not path.name.startswith(".")]
    return sorted(
        value for path in files for value in pq.read_table(path, columns=["event_id"])["event_id"].to_pylist()
    )


def visited(folder: Path) -> int:
    """The events of all visits."""
    ((events,),) = (row.values() for row in warehouse.query("SELECT sum(events) AS events FROM sessions", folder))
    return int(events)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "events").glob("*/*/*"))


def kept(folder: Path) -> list[str]:
    """The names of the files that readers open, and of the visits beside them: what a finished compaction leaves."""
    return sorted(path.name for file in live(folder, "events") for path in (file, visits_of(file)))


def landed(folder: Path, files: int = 6, first: int = 0) -> list[str]:
    """Files of two hours and two rows an hour; the ids in them."""
    numbers = range(first, first + files)
    for number in numbers:
        rows = [event(4 * number + row, occurred_at=START + timedelta(hours=row % 2)) for row in range(4)]
        land(folder, "events", rows, part=f"part-{number}")
    return sorted(f"event-{4 * number + row}" for number in numbers for row in range(4))


def age_notes(folder: Path) -> None:
    for note in (folder / "events").glob("*/*/.compacted-*.json"):
        os.utime(note, (0, 0))
