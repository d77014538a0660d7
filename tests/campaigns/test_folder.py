"""A folder's files are read together: names are unique, and every fault of every file is told."""

from pathlib import Path

import pytest

from campaigns.folder import read_files, read_folder, valid
from errors import SettingsError
from tests.campaigns.test_file import LEAST


def write(folder: Path, stem: str, toml: str = LEAST) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{stem}.toml"
    path.write_text(toml.replace('"sale"', f'"{stem}"'), encoding="utf-8")
    return path


def test_every_file_is_read_and_every_fault_told(tmp_path: Path) -> None:
    write(tmp_path, "a")
    b = write(tmp_path, "b", LEAST.replace("percent = 10", "percent = 0"))
    c = write(tmp_path, "c", LEAST.replace('"1 d"', '"1"'))
    (tmp_path / "notes.txt").write_text("no campaign", encoding="utf-8")
    campaigns, faults = read_folder(tmp_path)
    assert list(campaigns) == ["a"]
    assert [sentence.split(": ")[:2] for sentence in faults] == [
        [str(b), "offers.ten_percent.percent"],
        [str(c), "valid_for"],
    ]
    with pytest.raises(SettingsError) as refused:
        valid(tmp_path)
    assert str(refused.value).splitlines() == faults


def test_name_that_two_files_have_is_told(tmp_path: Path) -> None:
    first, second = write(tmp_path / "x", "sale"), write(tmp_path / "y", "sale")
    campaigns, faults = read_files([first, second])
    assert list(campaigns) == ["sale"]
    assert faults == [f"{second}: name: {first} has it too; rename one, got 'sale'"]


def test_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none: no such folder; create it or set \[campaigns\] folder"):
        read_folder(tmp_path / "none")
