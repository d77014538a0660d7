"""Values become literals by type; text never becomes SQL."""

from datetime import timedelta
from pathlib import Path

import pytest

from errors import SettingsError
from jobs.sql import calls, literal, statements


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "job.sql"
    path.write_text(text, encoding="utf-8")
    return path


def test_statements_come_in_order_without_comments(tmp_path: Path) -> None:
    path = written(tmp_path, "-- one; row\nSELECT 1;\n\nSELECT 2; -- done\n")
    assert statements(path) == ["SELECT 1", "SELECT 2"]


def test_semicolon_and_name_in_quotes_are_text(tmp_path: Path) -> None:
    path = written(tmp_path, "SELECT 'a;:b''c' AS `:d;`")
    assert statements(path) == ["SELECT 'a;:b''c' AS `:d;`"]


def test_value_is_bound_as_a_literal(tmp_path: Path) -> None:
    path = written(tmp_path, "SELECT * FROM t WHERE currency = :currency AND n = :least")
    bound = statements(path, {"currency": "it's", "least": 3})
    assert bound == ["SELECT * FROM t WHERE currency = 'it''s' AND n = 3"]


def test_duration_is_an_interval_to_the_millisecond() -> None:
    assert literal(timedelta(minutes=30, milliseconds=5)) == "INTERVAL '1800.005' SECOND(10, 3)"


def test_name_without_a_value_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"job\.sql: no value for :currency; there are limit"):
        statements(written(tmp_path, "SELECT :currency"), {"limit": 1})


def test_function_is_called_where_it_is_neither_comment_nor_text(tmp_path: Path) -> None:
    assert calls(written(tmp_path, "SELECT features (shopper, :a) AS f"), "FEATURES")
    assert not calls(written(tmp_path, "SELECT 'FEATURES(' AS `FEATURES(` -- FEATURES(\n"), "FEATURES")
    assert not calls(written(tmp_path, "SELECT NULL AS features, MYFEATURES(a)"), "FEATURES")
