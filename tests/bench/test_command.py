"""The bench says what it lacks before it measures for hours."""

from pathlib import Path

import pytest

from bench import command
from bench.growth.plan import Plan
from errors import Prerequisite, SettingsError


def test_an_unknown_part_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no part 'drian'; there are drain, live, vip, query"):
        command.bench(["drian"], 1_000, 1, 1, [], kept=tmp_path / "bench.json")


def test_without_the_peers_nothing_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "find_spec", lambda name: None)
    with pytest.raises(Prerequisite, match="bytewax is not installed; make bench does that"):
        command.bench([], 1_000, 1, 1, [], kept=tmp_path / "bench.json")


def test_a_soak_too_short_to_tell_is_refused() -> None:
    with pytest.raises(SettingsError, match="a soak of 1 min is too short to tell a trend; 4 is the least, 0 is none"):
        Plan(soak_minutes=1)
    assert Plan(soak_minutes=0).usual_users == 100_000


def test_a_part_that_needs_no_peer_starts_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "find_spec", lambda name: None)
    monkeypatch.setattr("bench.query.run", lambda *arguments: {"asked": 1})
    assert command.bench(["query"], 1_000, 1, 1, [], kept=tmp_path / "bench.json") == {"query": {"asked": 1}}


def test_a_part_is_kept_beside_those_measured_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tmp_path / "bench.json"
    kept.write_text('{"drain": {"events": 1}, "query": {"old": 1}}', encoding="utf-8")
    monkeypatch.setattr("bench.query.run", lambda *arguments: {"new": 1})
    found = command.bench(["query"], 1_000, 1, 1, [], kept=kept)
    assert found == {"drain": {"events": 1}, "query": {"new": 1}}
    assert '"new": 1' in kept.read_text(encoding="utf-8")
