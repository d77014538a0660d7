"""Join the publisher's books, the warehouse and the subscribers' receipts, and name what is missing or doubled."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from errors import CannotRun, ProblemFound
from schemas.topics import CLICK_TOPICS
from settings import Pulsar, read
from warehouse.connection import opened

FOLDER = Path(__file__).parent
# Younger than this, what is nowhere may still be on its way: two checkpoints and a restart.
YOUNG = timedelta(minutes=1)
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
FAR_AHEAD = datetime(9999, 1, 1, tzinfo=UTC)
# Ten million events are joined within this; what is above goes to disk.
MEMORY = "3GB"

# Where a reader stands in the partition that a ledger is of: ledger to (ledger, entry).
Positions = Mapping[int, tuple[int, int]]


@dataclass(frozen=True)
class Asked:
    """Which books and receipts (a file a subscriber), for events published and coupons decided in a range.

    `settled` says that everything must have arrived. Otherwise what is nowhere is pending while it is young, or, where
    the landing job's `positions` are known, while the job has not got there. `moved` are the books of deferred events
    that were moved: one that is in none of them is pending.
    """

    books: tuple[Path, ...]
    receipts: tuple[Path, ...] = ()
    since: datetime = LONG_AGO
    until: datetime = FAR_AHEAD
    settled: bool = False
    positions: Positions = field(default_factory=dict)
    moved: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Finding:
    """Something that must not be: `kind`, the event, message, window or coupon, and where it was last seen."""

    kind: str
    id: str
    what: str


@dataclass(frozen=True)
class Account:
    """What became of each message and each coupon.

    events: published = landed + dead_lettered + duplicates_dropped + pending + lost, and
    landed = counted + late + of_no_step + uncounted.
    """

    events: dict[str, int]
    coupons: dict[str, int]
    dead_letters: list[dict[str, Any]]
    duplicates: list[dict[str, Any]]
    findings: list[Finding]

    @property
    def whole(self) -> bool:
        """Whether every published message is somewhere."""
        return self.events["pending"] == self.events["lost"] == 0


def account(asked: Asked, folder: Path | None = None) -> Account:
    """Account for what `asked` names, against the warehouse in `folder`, by default the one of the settings.

    Raises CannotRun for books or receipts that are not there or named twice.
    """
    database, _ = opened(folder)
    try:
        return _account(database, asked)
    except duckdb.Error as error:
        raise ProblemFound(f"ledger: {error}") from None
    finally:
        database.close()


def _account(database: duckdb.DuckDBPyConnection, asked: Asked) -> Account:
    database.execute("SET memory_limit = $most", {"most": MEMORY})
    database.execute("SET preserve_insertion_order = false")
    values = _values(asked)
    if values["moved"]:
        _keep(database, "moved", values)
    else:
        database.execute(
            "CREATE TEMP TABLE moved (deferred_message_id VARCHAR, message_id VARCHAR, moved_at TIMESTAMPTZ)"
        )
    _keep(database, "books", values)
    _refuse_doubled_books(database)
    values |= _span(database, asked)
    for name in ("seen", "windows", "fates", "doubled"):
        _keep(database, name, values)
    (events,) = _rows(database, "counts", values)
    doubled = _rows(database, "doubled_where", values) if database.execute("FROM doubled LIMIT 1").fetchall() else []
    events["duplicates_landed"] = sum(row["landings"] - 1 for row in doubled)
    findings = _rows(database, "lost", values) + doubled + _rows(database, "inconsistent", values)
    if asked.settled:
        findings += _rows(database, "uncounted", values)
    coupons, coupon_findings = _coupons(database, asked, values)
    return Account(
        events=events,
        coupons=coupons,
        dead_letters=_rows(database, "dead_letters", values),
        duplicates=_rows(database, "duplicates", values),
        findings=[Finding(row["kind"], row["id"], row["what"]) for row in findings + coupon_findings],
    )


def _coupons(
    database: duckdb.DuckDBPyConnection, asked: Asked, values: dict[str, Any]
) -> tuple[dict[str, int], list[dict[str, Any]]]:
    values = values | {"files": [str(path) for path in asked.receipts]}
    if asked.receipts:
        _keep(database, "receipts", values)
    else:
        database.execute(
            "CREATE TEMP TABLE receipts (coupon_id VARCHAR, received_at TIMESTAMPTZ, repeat BOOLEAN, file VARCHAR)"
        )
    database.sql(text("coupons"), params=_used("coupons", values)).create("coupon_fates")
    (counts,) = _rows(database, "coupon_counts", values)
    return counts, _rows(database, "coupon_findings", values) if asked.receipts else []


def _values(asked: Asked) -> dict[str, Any]:
    for path in (*asked.books, *asked.receipts):
        if not path.exists():
            raise CannotRun(f"ledger: {path} is not there; name a folder that the simulator or a publisher wrote")
    books = sorted({str(path.resolve()) for folder in asked.books for path in folder.glob("*.parquet")})
    if not books:
        raise CannotRun(f"ledger: no *.parquet in {', '.join(map(str, asked.books))}; name a publisher's ledger folder")
    return {
        "books": books,
        "since": asked.since,
        "until": asked.until,
        "settled": asked.settled,
        "young": datetime.now(UTC) - YOUNG,
        "topics": " or ".join(read(Pulsar).topic(topic.path) for topic in CLICK_TOPICS),
        "ledgers_of": list(asked.positions),
        "ledgers": [ledger for ledger, _ in asked.positions.values()],
        "entries": [entry for _, entry in asked.positions.values()],
        "moved": sorted(str(path) for folder in asked.moved for path in folder.glob("*.jsonl")),
    }


def _refuse_doubled_books(database: duckdb.DuckDBPyConnection) -> None:
    row = database.execute("SELECT count(message_id) - count(DISTINCT message_id) FROM books").fetchall()
    if row[0][0]:
        raise CannotRun(f"ledger: {row[0][0]:,} messages are in the books twice; name each publisher's ledger once")


def _span(database: duckdb.DuckDBPyConnection, asked: Asked) -> dict[str, datetime]:
    """The range of the books where none is asked for: what others published before or after is not theirs."""
    ((first, last),) = database.execute("SELECT min(published_at), max(published_at) FROM books WHERE asked").fetchall()
    return {
        "since": asked.since if first is None or asked.since != LONG_AGO else first,
        # A batch bears one time, a little after the books' for its first event.
        "last": asked.until if last is None or asked.until != FAR_AHEAD else last + timedelta(seconds=1),
    }


def _keep(database: duckdb.DuckDBPyConnection, name: str, values: Mapping[str, Any]) -> None:
    """Make the answer to `<name>.sql` a table of its name."""
    database.sql(text(name), params=_used(name, values)).create(name)


def _rows(database: duckdb.DuckDBPyConnection, name: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    answer = database.execute(text(name), _used(name, values))
    names = [column[0] for column in answer.description or []]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def _used(name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that the file names; DuckDB refuses others."""
    asked = text(name)
    return {key: value for key, value in values.items() if f"${key}" in asked}


def text(name: str) -> str:
    """The question in `ledger/<name>.sql`."""
    return (FOLDER / f"{name}.sql").read_text(encoding="utf-8")
