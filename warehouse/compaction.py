"""Put an hour's small files into one, beside jobs and readers, and so that a kill at any instant harms nothing.

merge   rows of the small files -> .rows, synced; then the note is renamed into place: the commit
swap    a grace later: link .rows to its final name, delete the replaced files
clean   another grace later: delete the note and the hidden name

Beside merged and large files of events it puts the visits in them (visits.py).

The graces are for readers that listed files before: `warehouse.connect()` lists once a query (files.py). What a killed
run has left is finished, or undone where its note was not in place yet, by the next. Files in progress are never
touched, nor is a visible one ever changed, so the hour may still be written into.
"""

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import duckdb

from errors import CannotRun
from warehouse import visits
from warehouse.files import COMPACTED, NOTE, ROWS, Batch, has_visits, hours, is_merged, listing, live, live_in
from warehouse.tables import TABLES
from warehouse.writing import IN_PROGRESS, count_rows, sync, writer

# A larger file is read at the disk's speed as it is.
SMALL_BYTES = 32 * 1024 * 1024
# Of input to one merged file: an hour of a sale must not become one file that a single thread reads.
MERGED_BYTES = 128 * 1024 * 1024
# A visit's rows lie together: what groups by shopper and visit finds its group in the processor's cache, and a
# shopper's rows are in one row group of the file.
ORDER = ("shopper_id", "session_id", "occurred_at")


@dataclass(frozen=True)
class Compaction:
    """What compaction did to a table: files and bytes that readers open, before and after.

    `waiting` replaced files still lie there for readers that listed them earlier; a later run deletes them.
    `problems` are sentences, one per group of files that could not be merged and was left as it is, and one per file
    whose visits could not be kept.
    """

    table: str
    files_before: int
    files_after: int
    bytes_before: int
    bytes_after: int
    waiting: int
    problems: tuple[str, ...]


def compact(
    folder: Path,
    tables: tuple[str, ...] = tuple(TABLES),
    older_than: timedelta = timedelta(0),
    grace: timedelta = timedelta(minutes=10),
    say: Callable[[str], None] = lambda _: None,
) -> list[Compaction]:
    """Finish what earlier runs began, then merge small files that became visible at least `older_than` ago.

    `grace` must exceed the longest query. Raises CannotRun while another run is at work.
    """
    for table in tables:
        if table not in TABLES:
            raise CannotRun(f"compact: no table {table!r}; there are {', '.join(TABLES)}")
    try:
        with _alone(folder):
            return [_compact(folder, table, older_than, grace, say) for table in tables]
    except OSError as error:
        raise CannotRun(f"compact: {error}; nothing is lost, run it again when that is mended") from None


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    if not folder.is_dir():
        yield
        return
    with (folder / ".compact.lock").open("w") as lock:
        try:
            # Gone with the process, however it ends.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotRun(f"compact: another run is at work in {folder}; wait for it to end") from None
        yield


def _compact(
    folder: Path, table: str, older_than: timedelta, grace: timedelta, say: Callable[[str], None]
) -> Compaction:
    problems: list[str] = []
    before = live(folder, table)
    bytes_before = sum(path.stat().st_size for path in before)
    for hour in hours(folder, table):
        _finish(hour, grace)
        for group in _groups(hour, older_than):
            say(f"{hour.relative_to(folder)}: {len(group)} files into one")
            with _noted(problems, f"{hour.relative_to(folder)}: {len(group)} files left as they are"):
                _merge(hour, group)
        for file in _without_visits(hour) if table == "events" else ():
            say(f"{file.relative_to(folder)}: its visits")
            with _noted(problems, f"{file.relative_to(folder)}: its events answer, for no visits of it can be kept"):
                visits.keep(file)
        _finish(hour, grace)
    after = live(folder, table)
    listings = [listing(hour) for hour in hours(folder, table)]
    return Compaction(
        table=table,
        files_before=len(before),
        files_after=len(after),
        bytes_before=bytes_before,
        bytes_after=sum(path.stat().st_size for path in after),
        waiting=sum(len(batch.replaces & plain) for plain, batches in listings for batch in batches),
        problems=tuple(problems),
    )


@contextmanager
def _noted(problems: list[str], what: str) -> Iterator[None]:
    try:
        yield
    except (duckdb.Error, OSError, ValueError) as error:
        problems.append(f"{what}: {error}")


def _groups(hour: Path, older_than: timedelta) -> Iterator[list[Path]]:
    """Small files to be merged into one, the oldest first; none that a note speaks of."""
    plain, batches = listing(hour)
    for batch in batches:
        plain -= batch.replaces | {batch.merged}
    newest_s = time.time() - older_than.total_seconds()
    stats = sorted((path.stat().st_mtime, path.stat().st_size, path) for path in (hour / name for name in plain))
    group: list[Path] = []
    group_bytes = 0
    for mtime, size, path in stats:
        if size >= SMALL_BYTES or mtime > newest_s:
            continue
        if group_bytes + size > MERGED_BYTES:
            if len(group) > 1:
                yield group
            group, group_bytes = [], 0
        group.append(path)
        group_bytes += size
    if len(group) > 1:
        yield group


def _without_visits(hour: Path) -> list[Path]:
    """The files of an hour of events that are not to be merged and lack their visits."""
    return [
        file
        for file in sorted(live_in(hour))
        if not has_visits(file) and (is_merged(file) or file.stat().st_size >= SMALL_BYTES)
    ]


def _merge(hour: Path, group: list[Path]) -> None:
    """Write the rows of `group` once more, and commit."""
    name = f".{COMPACTED}{uuid4().hex}"
    rows = hour / (name + ROWS)
    try:
        _write(group, rows)
        note = {"merged": name[1:] + ".parquet", "replaces": [path.name for path in group]}
        in_progress = hour / (name + NOTE + IN_PROGRESS)
        in_progress.write_text(json.dumps(note), encoding="utf-8")
        sync(in_progress)
        # The rows must outlive a power cut that the note outlives.
        sync(hour)
        in_progress.rename(hour / (name + NOTE))
        sync(hour)
    except BaseException:
        if not (hour / (name + NOTE)).exists():
            rows.unlink(missing_ok=True)
        raise


def _write(group: list[Path], merged: Path) -> None:
    files = [str(path) for path in group]
    with writer() as database:
        found = database.read_parquet(files, union_by_name=True, hive_partitioning=False)
        if order := [name for name in ORDER if name in found.columns]:
            found = found.order(", ".join(order))
        found.write_parquet(str(merged), compression="zstd")
        expected, written = count_rows(database, files), count_rows(database, [str(merged)])
    if written != expected:
        raise ValueError(f"{expected} rows became {written}")
    sync(merged)


def _finish(hour: Path, grace: timedelta) -> None:
    """Swap and clean what has waited long enough, and undo what was never committed."""
    _, batches = listing(hour)
    for batch in batches:
        merged, hidden = hour / batch.merged, hour / batch.hidden
        if not merged.exists():
            if _age(hour / batch.note) < grace:
                continue
            os.link(hidden, merged)
            sync(hour)
        for name in batch.replaces:
            (hour / name).unlink(missing_ok=True)
        # A link sets the change time.
        if _age(merged, changed=True) >= grace:
            _clean(hour, batch)
    noted = {batch.hidden for batch in batches}
    for path in hour.glob(f".{COMPACTED}*"):
        if path.name.endswith(IN_PROGRESS) or (path.name.endswith(ROWS) and path.name not in noted):
            path.unlink()
    visits.forget(hour)


def _clean(hour: Path, batch: Batch) -> None:
    # The replaced files must be gone for good before nothing says that they are replaced.
    sync(hour)
    (hour / batch.note).unlink()
    (hour / batch.hidden).unlink(missing_ok=True)


def _age(path: Path, changed: bool = False) -> timedelta:
    status = path.stat()
    return timedelta(seconds=time.time() - (status.st_ctime if changed else status.st_mtime))
