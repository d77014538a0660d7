"""What landed is told by the minute of its publication, and what is planned by the campaigns' files."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scaling.history import History
from scaling.landed import history, windows
from settings.reader import ROOT
from tests.warehouse.landing import event, land

NOW = datetime(2026, 11, 11, 12, 30, 40, tzinfo=UTC)


def events(minutes_ago: int, count: int, first: int = 0) -> list[dict[str, object]]:
    published = NOW - timedelta(minutes=minutes_ago)
    # Phones flush hours later: the minute is the publication's.
    return [event(first + n, published_at=published, occurred_at=published - timedelta(hours=3)) for n in range(count)]


def at(found: History, minutes_ago: int) -> float:
    moment_s = (NOW - timedelta(minutes=minutes_ago)).timestamp()
    return float(found.per_minute[int(moment_s - found.begins_s) // 60])


def test_minutes_are_of_the_publication_and_empty_ones_are_there(tmp_path: Path) -> None:
    land(tmp_path, "events", events(10, 120) + events(400, 60, 200))
    found = history(NOW, timedelta(hours=8), folder=tmp_path)
    assert datetime.fromtimestamp(found.begins_s, UTC) == datetime(2026, 11, 11, 4, 0, tzinfo=UTC)
    assert (at(found, 10), at(found, 9), at(found, 400)) == (2, 0, 1)
    assert found.per_minute.sum() == 3
    assert found.ends_s == datetime(2026, 11, 11, 12, 28, tzinfo=UTC).timestamp()


def test_events_of_the_newest_minutes_and_of_before_are_left_out(tmp_path: Path) -> None:
    land(tmp_path, "events", events(1, 5) + events(600, 5, 10))
    assert history(NOW, timedelta(hours=8), folder=tmp_path).per_minute.sum() == 0


def test_known_history_is_asked_again_for_its_last_hours_only(tmp_path: Path) -> None:
    land(tmp_path, "events", events(10, 120) + events(400, 60, 200))
    before = history(NOW, timedelta(hours=8), folder=tmp_path)
    land(tmp_path, "events", events(60, 60, 300) + events(401, 60, 400), part="part-1")
    found = history(NOW, timedelta(hours=7), before, tmp_path)
    assert (at(found, 10), at(found, 60), at(found, 400), at(found, 401)) == (2, 1, 1, 0)


def test_windows_are_the_campaigns_and_what_is_expected_of_them(tmp_path: Path) -> None:
    text = (ROOT / "campaigns" / "new-year-vip.toml").read_text(encoding="utf-8")
    named = text.replace('"new-year-vip"', '"{}"')
    (tmp_path / "usual.toml").write_text(named.format("usual"), encoding="utf-8")
    (tmp_path / "loud.toml").write_text(f"expected_traffic = 12\n{named.format('loud')}", encoding="utf-8")
    (tmp_path / "wrong.toml").write_text(f"expected_traffic = 0.5\n{named.format('wrong')}", encoding="utf-8")
    found, faults = windows(tmp_path)
    assert {window.name: window.expected for window in found} == {"usual": None, "loud": 12.0}
    assert len({window.starts_s for window in found}) == 1
    (fault,) = faults
    assert "wrong.toml: expected_traffic: Input should be greater than or equal to 1, got 0.5" in fault


def test_history_begins_at_a_full_hour() -> None:
    with pytest.raises(ValueError, match="full hour, got 61"):
        History(61, history(NOW, timedelta(hours=1), folder=ROOT / "var" / "nowhere").per_minute)
