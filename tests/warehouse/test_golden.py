"""Each question in warehouse/*.sql gives the golden answer over the golden rows, landed as real Parquet."""

import csv
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

import warehouse
from tests.warehouse.landing import land
from warehouse.connection import FOLDER, text
from warehouse.tables import TABLES

GOLDEN = Path(__file__).parent / "golden"
NAMES = sorted(path.name.removesuffix(".input.csv") for path in GOLDEN.glob("*.input.csv"))
VALUES: dict[str, dict[str, Any]] = {
    "conversion_differences": {"currency": "CNY", "count_late": False},
    "session_differences": {"currency": "CNY", "gap": timedelta(minutes=5)},
    "feature_differences": {"currency": "CNY", "buyers_for": timedelta(400), "visitors_for": timedelta(7)},
}
# Macros (test_features.py and test_visits.py ask the others), and a question about files' times, which a golden row
# cannot hold: test_freshness.py asks it.
NOT_GOLDEN = {"landed", "features", "visits", "freshness"}


@pytest.mark.parametrize("name", NAMES)
def test_the_answer_is_golden(name: str, tmp_path: Path) -> None:
    for table, rows in given(GOLDEN / f"{name}.input.csv").items():
        # Two files, as two checkpoints would leave them.
        land(tmp_path, table, rows[::2], part="part-0")
        land(tmp_path, table, rows[1::2], part="part-1")
    with (GOLDEN / f"{name}.expected.csv").open(newline="", encoding="utf-8") as lines:
        header, *expected = csv.reader(lines)
    with warehouse.connect(tmp_path) as connection:
        answer = connection.sql(text(name), VALUES.get(name))
        found = answer.select(*(duckdb.ColumnExpression(column).cast("VARCHAR") for column in header)).fetchall()
    assert sorted([value or "" for value in row] for row in found) == sorted(expected)


def test_every_question_has_a_golden_answer() -> None:
    questions = {path.stem for path in FOLDER.glob("*.sql")}
    assert questions - NOT_GOLDEN == set(NAMES)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.sql")), ids=lambda path: path.stem)
def test_the_first_line_says_what_one_row_is(path: Path) -> None:
    first, *_ = path.read_text(encoding="utf-8").splitlines()
    assert first.startswith("-- One row")


def given(path: Path) -> dict[str, list[dict[str, Any]]]:
    """The rows of each table; an empty field is null, a time is UTC."""
    tables: dict[str, list[dict[str, Any]]] = defaultdict(list)
    with path.open(newline="", encoding="utf-8") as lines:
        for line in csv.DictReader(lines):
            kinds = TABLES[table := line.pop("table")].columns
            tables[table].append({name: _value(kinds[name], value) for name, value in line.items() if value})
    return tables


def _value(kind: str, value: str) -> Any:
    match kind:
        case "INTEGER" | "BIGINT":
            return int(value)
        case "DOUBLE":
            return float(value)
        case "TIMESTAMP WITH TIME ZONE":
            return datetime.fromisoformat(value).replace(tzinfo=UTC)
        case _:
            return value
