"""A transaction is whole or nothing, and a database that is away is told from a mistake."""

import sqlite3
import threading
from collections.abc import Callable

import psycopg
import pytest

from coupons.database import Database, Effects
from errors import CannotRun, SettingsError, Unreachable
from tests.databases import AnyDatabase, rows

TABLES = ("CREATE TABLE IF NOT EXISTS stock (product TEXT PRIMARY KEY, pieces BIGINT NOT NULL CHECK (pieces >= 0))",)
BROKEN_RULE = (sqlite3.IntegrityError, psycopg.IntegrityError)


def put(effects: Effects, product: str, pieces: int = 1) -> None:
    effects.execute("INSERT INTO stock VALUES (:product, :pieces)", product=product, pieces=pieces)


def stocked(database: AnyDatabase) -> list[str]:
    return [product for (product,) in rows(database, "SELECT product FROM stock ORDER BY product")]


def test_block_that_raises_leaves_nothing(database: AnyDatabase) -> None:
    ours = Database(database.url, TABLES)
    with pytest.raises(KeyError), ours.transaction() as effects:
        put(effects, "a")
        raise KeyError("b")
    assert stocked(database) == []


def test_savepoint_undoes_its_own_and_keeps_the_rest(database: AnyDatabase) -> None:
    ours = Database(database.url, TABLES)
    with ours.transaction() as effects:
        put(effects, "a")
        with pytest.raises(BROKEN_RULE), effects.savepoint():
            put(effects, "b")
            put(effects, "c", pieces=-1)
        put(effects, "d")
    assert stocked(database) == ["a", "d"]


def test_handler_that_swallows_a_broken_rule_leaves_the_transaction_usable(database: AnyDatabase) -> None:
    ours = Database(database.url, TABLES)
    with ours.transaction() as effects:
        put(effects, "a")
        try:
            with effects.savepoint():
                try:
                    put(effects, "a")
                except BROKEN_RULE:
                    pass
        except psycopg.errors.InFailedSqlTransaction:
            pass  # PostgreSQL says so, SQLite goes on
        put(effects, "b")
    assert stocked(database) == ["a", "b"]


def test_statement_gives_its_rows_and_a_percent_sign_is_a_percent_sign(database: AnyDatabase) -> None:
    ours = Database(database.url, TABLES)
    with ours.transaction() as effects:
        put(effects, "50% silk", 3)
        given = effects.execute("UPDATE stock SET pieces = pieces - 1 WHERE product LIKE '50%' RETURNING pieces")
        assert given == [(2,)]
        assert effects.execute("SELECT pieces FROM stock WHERE product LIKE :like AND '1:a' > ''", like="%silk") == [
            (2,)
        ]


def test_database_that_is_away_is_unreachable_and_comes_back(database: AnyDatabase) -> None:
    ours = Database(database.url, TABLES)
    with ours.transaction() as effects:
        put(effects, "before")
    with database.away(), pytest.raises(Unreachable, match="is the database up and free"), ours.transaction():
        pass
    with ours.transaction() as effects:
        put(effects, "after")
    assert stocked(database) == ["after", "before"]


def test_mistake_in_a_statement_is_not_called_away(database: AnyDatabase) -> None:
    with (
        pytest.raises((sqlite3.OperationalError, psycopg.errors.UndefinedTable)),
        Database(database.url).transaction() as effects,
    ):
        effects.execute("SELECT * FROM nowhere")


def test_wrong_table_is_one_sentence(database: AnyDatabase) -> None:
    wrong = Database(database.url, ("CREATE TABEL x",))
    with pytest.raises(CannotRun, match="cannot make the tables: "), wrong.transaction():
        pass


def test_wrong_url_is_one_sentence() -> None:
    with pytest.raises(SettingsError, match=r"a URL is sqlite:FILE or postgresql://host/name, got 'mysql://x'"):
        Database("mysql://x")


def test_password_is_not_told() -> None:
    nobody = Database("postgresql://me:secret@127.0.0.1:1/shop")
    with pytest.raises(Unreachable) as told, nobody.transaction():
        pass
    assert str(told.value).startswith("postgresql://127.0.0.1:1/shop: ")
    assert "secret" not in str(told.value)


def test_many_take_the_last_pieces_and_none_too_many(database: AnyDatabase) -> None:
    with Database(database.url, TABLES).transaction() as effects:
        put(effects, "shoe", 10)
    sold: list[int] = []

    def buy() -> None:
        ours = Database(database.url, TABLES)
        take = "UPDATE stock SET pieces = pieces - 1 WHERE product = 'shoe' AND pieces >= 1 RETURNING pieces"
        for _ in range(5):
            with ours.transaction() as effects:
                given = effects.execute(take)
            sold.extend(pieces for (pieces,) in given)
        ours.close()

    together(buy, 4)
    assert sorted(sold) == list(range(10))


def test_tables_are_made_by_several_at_once(database: AnyDatabase) -> None:
    def make() -> None:
        with Database(database.url, TABLES).transaction():
            pass

    together(make, 4)
    assert stocked(database) == []


def together(work: Callable[[], None], count: int) -> None:
    """Run it in several threads; raises what the first of them raised."""
    raised: list[BaseException] = []

    def catch() -> None:
        try:
            work()
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=catch) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if raised:
        raise raised[0]
