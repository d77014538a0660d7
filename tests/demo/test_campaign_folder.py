"""The demo's operator: six files whose window is now, a slip that publishes nothing, two changes, one broken record."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from campaigns import store
from demo.campaign_folder import BROKEN, CHANGES, Folder, Plan
from demo.campaign_sale import CHANCES, EXHAUSTED
from settings import Pulsar


@pytest.fixture
def files(tmp_path: Path) -> Folder:
    """Written now; its broker answers nobody."""
    found = Folder(tmp_path / "campaigns", Pulsar(service_url="pulsar://127.0.0.1:1"))
    found.write(datetime.now(UTC))
    return found


def test_six_campaigns_run_now_and_each_holds_some_shoppers_out(files: Folder) -> None:
    now_ms = time.time_ns() // 1_000_000
    assert len(files.campaigns) == 6
    assert all(one.starts_ms < now_ms < one.ends_ms for one in files.campaigns.values())
    assert all(one.holdout.share > 0 for one in files.campaigns.values())


def test_what_is_measured_is_in_one_group_alone(files: Folder) -> None:
    group = {one.name for one in files.campaigns.values() if one.exclusive_group == "sale-measured"}
    assert group == set(CHANCES)


def test_what_runs_out_has_a_bound(files: Folder) -> None:
    assert files.campaigns[EXHAUSTED["budget"]].budget.money_minor
    assert any(offer.stock for offer in files.campaigns[EXHAUSTED["stock"]].offers)


def test_slip_is_told_fault_by_fault_before_any_broker_is_asked(files: Folder) -> None:
    assert [line.split(":")[:2] for line in files.slip()] == [
        ["sale-lottery.toml", " patterns.1"],
        ["sale-lottery.toml", " offers.off_the_basket.percent"],
        ["sale-lottery.toml", " caps.per_shoper"],
    ]
    assert len(files.campaigns) == 6


def test_plan_takes_each_step_once_when_its_share_is_sent() -> None:
    taken: list[tuple[int, str]] = []
    sent = 0
    plan = Plan(100, [(0.25, lambda: taken.append((sent, "a"))), (0.5, lambda: taken.append((sent, "b")))])
    for sent in (0, 24, 25, 26, 80, 100):
        plan.go(sent)
    assert taken == [(25, "a"), (80, "b")]


@pytest.mark.stack
def test_change_is_a_second_version_and_what_is_broken_says_nothing(own_topics: Pulsar, tmp_path: Path) -> None:
    files = Folder(tmp_path / "campaigns", own_topics)
    files.write(datetime.now(UTC))
    assert {one.version for one in files.apply()} == {1}
    assert {one.key: one.version for one in files.change()} == dict.fromkeys(CHANGES, 2)
    assert all(one.applied_at <= datetime.now(UTC) for one in files.applied.values())
    files.put_broken(datetime.now(UTC))
    assert files.wrong_record is not None
    assert files.wrong_record[:2] == (BROKEN, 2)
    newest = store.newest(own_topics).newest[BROKEN]
    assert (newest.version, newest.campaign) == (2, None)
