"""Say which files hold a table's rows at one instant: what landed, and instead of what was compacted the compacted.

Compaction (compaction.py) puts several files of an hour into one. Its single commit is the rename that makes a batch's
note visible, and every answer here is either that of before or that of after: each row is in exactly one file of it.

.compacted-<id>.rows      the merged rows, complete before the note appears; hidden from readers of *.parquet
.compacted-<id>.json      the note: from now on `merged` stands for the files in `replaces`
compacted-<id>.parquet    the merged rows under their final name, once the replaced files go
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from warehouse.tables import TABLES

COMPACTED = "compacted-"
NOTE = ".json"
ROWS = ".rows"


class Batch(NamedTuple):
    """A note of compaction in an hour's folder: `merged` stands for `replaces`, names in that folder."""

    note: str
    merged: str
    replaces: frozenset[str]

    @property
    def hidden(self) -> str:
        """The name of the merged rows until they get their final one."""
        return self.note.removesuffix(NOTE) + ROWS


def live(folder: Path, table: str) -> list[Path]:
    """The files that hold each row of `table` once, in the warehouse `folder`, sorted; none when nothing landed.

    They stay readable for the grace that compaction is run with. Raises KeyError for a table that does not land.
    """
    found: list[Path] = []
    for hour in hours(folder, table):
        plain, batches = listing(hour)
        for batch in batches:
            plain -= batch.replaces
            if batch.merged not in plain:
                plain.add(batch.hidden)
        found += [hour / name for name in plain]
    return sorted(found)


def hours(folder: Path, table: str) -> Iterator[Path]:
    """The folders of a table's hours, in the order of time."""
    if table not in TABLES:
        raise KeyError(table)
    for date in _folders(folder / table, "event_date="):
        yield from _folders(date, "event_hour=")


def listing(hour: Path) -> tuple[set[str], list[Batch]]:
    """The names of an hour's visible files, and its notes; again from the start when a note goes meanwhile."""
    while True:
        try:
            names = [entry.name for entry in hour.iterdir()]
        except FileNotFoundError:
            return set(), []
        plain = {name for name in names if not name.startswith(".") and name.endswith(".parquet")}
        try:
            return plain, [_read(hour, name) for name in names if is_note(name)]
        except FileNotFoundError:
            continue


def is_note(name: str) -> bool:
    return name.startswith("." + COMPACTED) and name.endswith(NOTE)


def _read(hour: Path, name: str) -> Batch:
    note = json.loads((hour / name).read_bytes())
    return Batch(name, note["merged"], frozenset(note["replaces"]))


def _folders(folder: Path, prefix: str) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.name.startswith(prefix))
    except (FileNotFoundError, NotADirectoryError):
        return []
