"""Keep the visits in a file of events beside it, so that a question about visits groups them and not the events.

They are nothing but visits.sql's answer over the file, which never changes: lost, they are made again, and until then
the file's events answer (files.py). So they need no commit: written under another name, they appear by a rename.
"""

import os
from pathlib import Path

from warehouse.connection import define_visits
from warehouse.files import visits_of
from warehouse.writing import IN_PROGRESS, count_rows, sync, writer


def keep(file: Path) -> None:
    """Write the visits in a file of events beside it; a shopper's visits lie together."""
    visits = visits_of(file)
    in_progress = visits.with_name(visits.name + IN_PROGRESS)
    made_of = file.stat()
    with writer() as database:
        define_visits(database)
        found = database.sql("FROM visits($files) ORDER BY shopper_id, session_id", params={"files": [str(file)]})
        found.write_parquet(str(in_progress), compression="zstd")
        expected = count_rows(database, [str(file)])
        counted = database.read_parquet(str(in_progress)).sum("events").fetchall()[0][0] or 0
    if counted != expected:
        raise ValueError(f"{expected} events became {counted}")
    os.utime(in_progress, ns=(made_of.st_atime_ns, made_of.st_mtime_ns))
    sync(in_progress)
    in_progress.rename(visits)
    sync(file.parent)


def forget(hour: Path) -> None:
    """Delete what was left in progress, and visits whose file is gone."""
    files = {path.stem.removeprefix(".") for path in hour.iterdir() if path.suffix in (".parquet", ".rows")}
    for path in hour.glob(".*.visits*"):
        if path.name.endswith(IN_PROGRESS) or path.name[1:].rsplit(".", 2)[0] not in files:
            path.unlink()
