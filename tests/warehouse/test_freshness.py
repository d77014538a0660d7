"""Freshness runs from an event's publication to the rename that shows its file."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.warehouse.landing import event, land
from warehouse import freshness


def test_freshness_is_from_publication_to_visibility(tmp_path: Path) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    ages_s = [*[10] * 98, 20, 30]
    rows = [event(n, published_at=now - timedelta(seconds=age), occurred_at=now) for n, age in enumerate(ages_s)]
    (landed,) = land(tmp_path, "events", rows)
    # Only a rename tells: when the bytes were written does not matter.
    os.utime(landed, (0, 0))
    written_s = landed.stat().st_ctime - now.timestamp()
    found = freshness.measure(tmp_path)
    assert found.events == 100
    assert found.p50_s == pytest.approx(10 + written_s, abs=0.001)
    assert found.p99_s == pytest.approx(20.1 + written_s, abs=0.001)
    assert found.max_s == pytest.approx(30 + written_s, abs=0.001)


def test_each_event_counts_from_its_own_file(tmp_path: Path) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    for age_s in (5, 50):
        published = now - timedelta(seconds=age_s)
        land(tmp_path, "events", [event(age_s, published_at=published, occurred_at=published)], part=f"part-{age_s}")
    found = freshness.measure(tmp_path)
    assert found.max_s is not None
    assert 50 <= found.max_s < 60


def test_events_published_before_a_moment_are_left_out(tmp_path: Path) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    ages_s = [3600, 5]
    land(tmp_path, "events", [event(age, published_at=now - timedelta(seconds=age), occurred_at=now) for age in ages_s])
    found = freshness.measure(tmp_path, since=now - timedelta(minutes=1))
    assert found.events == 1
    assert found.max_s is not None
    assert found.max_s < 60


def test_an_empty_warehouse_has_no_freshness(tmp_path: Path) -> None:
    assert freshness.measure(tmp_path) == freshness.Freshness(0, None, None, None)


def test_a_file_in_progress_does_not_count(tmp_path: Path) -> None:
    (landed,) = land(tmp_path, "events", [event()])
    landed.with_name(".part-1.parquet").write_bytes(b"half")
    assert freshness.measure(tmp_path).events == 1
