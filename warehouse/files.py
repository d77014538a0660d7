"""Say which files hold a table's rows at one instant: what landed, and instead of what was compacted the compacted.

Compaction (compaction.py) puts several files of an hour into one. Its single commit is the rename that makes a batch's
note visible, and every answer here is either that of before or that of after: each row is in exactly one file of it.

.compacted-<id>.rows      the merged rows, complete before the note appears; hidden from readers of *.parquet
.compacted-<id>.json      the note: from now on `merged` stands for the files in `replaces`
compacted-<id>.parquet    the merged rows under their final name, once the replaced files go

Beside a file of events may lie .<its name>.<digest>.visits, the visits in it (visits.py): they stand for its rows where
visits are asked for. Only where they were made of it as it is now, which their time of modification says by being the
same, and by visits.sql as it is now, which is what the digest is of.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from warehouse.tables import TABLES

COMPACTED = "compacted-"
NOTE = ".json"
ROWS = ".rows"


def visits_suffix(definition: bytes) -> str:
    """What the names of visits end in that this text of visits.sql defines."""
    return f".{hashlib.sha256(definition).hexdigest()[:8]}.visits"


VISITS = visits_suffix(Path(__file__).with_name("visits.sql").read_bytes())


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
    return sorted(path for hour in hours(folder, table) for path in live_in(hour))


def live_in(hour: Path) -> list[Path]:
    """The same of one hour, in no order."""
    plain, batches = listing(hour)
    for batch in batches:
        plain -= batch.replaces
        if batch.merged not in plain:
            plain.add(batch.hidden)
    return [hour / name for name in plain]


def is_merged(path: Path) -> bool:
    """Whether compaction made the file."""
    return path.name.removeprefix(".").startswith(COMPACTED)


def visit_files(folder: Path) -> list[Path]:
    """The files of `live(folder, "events")`, or of each its visits where they lie beside it."""
    return [visits_of(path) if has_visits(path) else path for path in live(folder, "events")]


def visits_of(path: Path) -> Path:
    """Where the visits in a file of events lie, if they do; the same name before and after the swap."""
    return path.with_name("." + path.stem.removeprefix(".") + VISITS)


def has_visits(path: Path) -> bool:
    """Whether the visits in a file lie beside it, made of it as it is now."""
    try:
        return visits_of(path).stat().st_mtime_ns == path.stat().st_mtime_ns
    except FileNotFoundError:
        return False


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
