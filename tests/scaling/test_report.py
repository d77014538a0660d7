"""The page's figures are written from a run, and say that every season was won."""

import re

import pytest

from scaling.report import BEGIN, END, PAGE, tables, written
from scaling.trial import AHEAD, REFERENCE

FOUND = {
    "job": "coupons",
    "seeds": 2,
    "won": 1,
    "plan": {"base": 8_000.0, "history_days": 28, "days": 10},
    "capacity": {"one": 20_000.0, "serial": 0.1, "error": 0.05, "points": 6, "measured_slots": 2},
    "serial_assumed": False,
    "limits": {"floor": 1, "ceiling": 8},
    "rescale": {"downtime_s": 4.0, "again_s": 0.5},
    "outcomes": {
        seed: {
            AHEAD: {"late_coupons": late, "slot_hours": 280.0, "rescales": 30, "most_slots": 8},
            REFERENCE: {"late_coupons": 9_000, "slot_hours": 300.5, "rescales": 50, "most_slots": 8},
        }
        for seed, late in (("2", 1_000), ("3", 4_000))
    },
}


def test_table_has_the_median_of_the_seasons_and_each_season() -> None:
    found = tables(FOUND)
    assert "| ahead | 2,500 | 280.0 | 30 |" in found
    assert "| 3 | 4,000 | 9,000 | 280.0 | 300.5 | 30 | 50 |" in found
    assert "20,000 events/s on one slot, a serial share of 10.0%, through 6 points with an error of 5.0%" in found
    assert "Won, against the reactive policies of the table: 1 of 2 seasons." in found


def test_figures_replace_those_of_before_and_nothing_else() -> None:
    page = f"before\n{BEGIN}old\n{END}after\n"
    assert written(page, FOUND) == f"before\n{BEGIN}\n{tables(FOUND)}\n{END}after\n"
    with pytest.raises(ValueError, match="the page needs the lines"):
        written("before\n", FOUND)


def test_page_says_that_every_season_was_won() -> None:
    won = re.search(r"of the table: (\d+) of (\d+) seasons", PAGE.read_text(encoding="utf-8"))
    assert won is not None, "run hongbao backtest, then python -m scaling.report"
    assert won[1] == won[2]
