"""Remember which message had its effect, in the database of the effects, and how often one has failed."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from coupons.database import Database, Effects

TABLES = (
    """
    CREATE TABLE IF NOT EXISTS inbox (
        subscription TEXT NOT NULL, record TEXT NOT NULL, id TEXT NOT NULL, done_ms BIGINT NOT NULL,
        PRIMARY KEY (subscription, record, id))
    """,
    "CREATE INDEX IF NOT EXISTS inbox_by_age ON inbox (done_ms)",
    """
    CREATE TABLE IF NOT EXISTS attempts (
        subscription TEXT NOT NULL, record TEXT NOT NULL, id TEXT NOT NULL, attempts INTEGER NOT NULL,
        first_ms BIGINT NOT NULL, last_ms BIGINT NOT NULL, PRIMARY KEY (subscription, record, id))
    """,
)
# Forgotten in steps that are over in milliseconds.
FORGOTTEN_AT_ONCE = 5_000


class Key(NamedTuple):
    """Which message for whom: `record` is its contract, `id` its coupon_id or event_id."""

    subscription: str
    record: str
    id: str


class Inbox:
    """One row a message that had its effect.

    `url` is `sqlite:FILE`, relative to the checkout, or `postgresql://…`. `tables` are the service's own, as
    CREATE TABLE IF NOT EXISTS. Several services may share a database; each has a subscription of its own.
    """

    def __init__(self, url: str, tables: Sequence[str] = ()) -> None:
        self._database = Database(url, (*TABLES, *tables))

    @contextmanager
    def transaction(self) -> Iterator[Effects]:
        """As Database.transaction."""
        with self._database.transaction() as effects:
            yield effects

    def close(self) -> None:
        self._database.close()


def add(effects: Effects, key: Key) -> bool:
    """Whether the message is new. Waits for another process that has it in hand."""
    insert = """
        INSERT INTO inbox (subscription, record, id, done_ms) VALUES (:subscription, :record, :id, :now_ms)
        ON CONFLICT DO NOTHING RETURNING 1
        """
    return bool(effects.execute(insert, now_ms=_now_ms(), **key._asdict()))


def has(effects: Effects, key: Key) -> bool:
    query = "SELECT 1 FROM inbox WHERE subscription = :subscription AND record = :record AND id = :id"
    return bool(effects.execute(query, **key._asdict()))


def count_attempt(effects: Effects, key: Key, more: int = 1) -> tuple[int, int]:
    """Count `more` attempts; all there were so far, and when the first was, in milliseconds since 1970."""
    upsert = """
        INSERT INTO attempts (subscription, record, id, attempts, first_ms, last_ms)
        VALUES (:subscription, :record, :id, 1, :now_ms, :now_ms)
        ON CONFLICT (subscription, record, id)
        DO UPDATE SET attempts = attempts.attempts + :more, last_ms = :now_ms
        RETURNING attempts, first_ms
        """
    ((attempts, first_ms),) = effects.execute(upsert, more=more, now_ms=_now_ms(), **key._asdict())
    return int(attempts), int(first_ms)


def forget_attempts(effects: Effects, key: Key) -> None:
    delete = "DELETE FROM attempts WHERE subscription = :subscription AND record = :record AND id = :id"
    effects.execute(delete, **key._asdict())


def forget(effects: Effects, before_ms: int) -> bool:
    """Forget some of what is older than `before_ms`; whether there may be more."""
    effects.execute("DELETE FROM attempts WHERE last_ms < :before_ms", before_ms=before_ms)
    delete = """
        DELETE FROM inbox WHERE (subscription, record, id) IN
            (SELECT subscription, record, id FROM inbox WHERE done_ms < :before_ms LIMIT :most)
        RETURNING 1
        """
    return len(effects.execute(delete, before_ms=before_ms, most=FORGOTTEN_AT_ONCE)) == FORGOTTEN_AT_ONCE


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
