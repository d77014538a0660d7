"""A price rule's file is read as meant; of a wrong one are told file, key, what is allowed and what was found."""

import tomllib
from pathlib import Path

import pytest

from errors import SettingsError
from prices.file import PriceFile, check, read_file, read_folder, valid
from prices.rule import PriceRule
from settings.reader import ROOT
from tests.prices.rules import LEAST, write


def faults(toml: str) -> list[tuple[str, str]]:
    rule, found = check(tomllib.loads(toml))
    assert (rule is None) == bool(found)
    return [(fault.key, fault.sentence) for fault in found]


def test_least_file_has_the_defaults() -> None:
    rule, found = check(tomllib.loads(LEAST.replace('"0 s"', '"10 min"')))
    assert found == []
    assert rule == PriceRule(
        category="tea",
        window_kind="hop_5m",
        least_viewers=10,
        low=0.2,
        high=0.5,
        step_percent=10,
        floor_percent=70,
        ceiling_percent=100,
        hold_ms=600_000,
    )


@pytest.mark.parametrize(
    ("was", "written", "key", "sentence"),
    [
        ('"tea"', '""', "category", "String should have at least 1 character, got ''"),
        ("least_viewers = 10", "least_viewers = 0", "least_viewers", "greater than or equal to 1, got 0"),
        ("least_viewers = 10", "least_viewers = 1.5", "least_viewers", "valid integer, got 1.5"),
        ("low = 0.2", "low = 0", "low", "greater than 0, got 0"),
        ("low = 0.2", "low = true", "low", "valid number, got True"),
        ("high = 0.5", "high = 1.01", "high", "less than or equal to 1, got 1.01"),
        ("high = 0.5", "high = 0.2", "high", "it must be above low 0.2, got 0.2"),
        ("step_percent = 10", "step_percent = 101", "step_percent", "less than or equal to 100, got 101"),
        ("floor_percent = 70", "floor_percent = 0", "floor_percent", "greater than or equal to 1, got 0"),
        (
            "floor_percent = 70",
            "floor_percent = 101",
            "ceiling_percent",
            "it must be at least floor_percent 101, got 100",
        ),
        ('hold = "0 s"', "hold = 10", "hold", "a duration is a whole number and one of ms, s, min, h, d"),
        ('hold = "0 s"', "", "hold", 'missing; give the least time between two changes, such as "10 min"'),
        ('hold = "0 s"', 'hold = "0 s"\nwindow = "5 min"', "window", "'hop_5m', got '5 min'"),
        (
            'hold = "0 s"',
            'hold = "0 s"\nfloor_percents = 3',
            "floor_percents",
            "no such key; did you mean 'floor_percent'?",
        ),
    ],
)
def test_what_is_wrong_is_told_by_its_key(was: str, written: str, key: str, sentence: str) -> None:
    ((found_key, found),) = faults(LEAST.replace(was, written))
    assert found_key == key
    assert sentence in found


def test_bounds_that_are_met_are_valid() -> None:
    assert faults(LEAST.replace("high = 0.5", "high = 1.0").replace("floor_percent = 70", "floor_percent = 100")) == []


def test_every_required_key_says_what_to_give() -> None:
    required = [name for name, field in PriceFile.model_fields.items() if field.is_required()]
    assert [key for key, sentence in faults("") if sentence.startswith("missing; give ")] == required


def test_every_file_is_read_and_every_fault_told(tmp_path: Path) -> None:
    write(tmp_path, "a")
    b = write(tmp_path, "b", LEAST.replace('"tea"', '"cup"').replace("step_percent = 10", "step_percent = 0"))
    c = write(tmp_path, "c", "category =")
    d = write(tmp_path, "d")
    (tmp_path / "notes.txt").write_text("no rule", encoding="utf-8")
    rules, found = read_folder(tmp_path)
    assert list(rules) == ["tea"]
    assert [sentence.split(": ")[:2] for sentence in found] == [
        [str(b), "step_percent"],
        [str(c), "not TOML"],
        [str(d), "category"],
    ]
    assert found[2].endswith(f"category: {tmp_path / 'a.toml'} has it too; remove one, got 'tea'")
    with pytest.raises(SettingsError) as refused:
        valid(tmp_path)
    assert str(refused.value).splitlines() == found


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none: no such folder; create it or set \[prices\] folder"):
        read_folder(tmp_path / "none")
    assert read_file(tmp_path / "none.toml")[1] == [
        f"{tmp_path / 'none.toml'}: cannot be read: No such file or directory"
    ]


def test_files_of_this_checkout_are_valid() -> None:
    assert "tea" in valid(ROOT / "prices")
