"""Counters become rates, shares and what is not read yet."""

import pytest

from rehearsal.intervals import between, intervals
from tests.rehearsal import planted


def test_differences_of_counters_are_rates() -> None:
    sampled = planted.samples([1_000.0] * 20, read=lambda rate: 0.9 * rate)
    one = intervals(sampled, planted.BEGUN_MS)[10]
    assert (one.begins_s, one.ends_s) == (10, 15)
    assert (one.published_per_s, one.read_per_s["coupons"]) == pytest.approx((1_000, 900))
    assert one.unread["coupons"] == pytest.approx(1_500, abs=1)
    assert one.cores["taskmanager-1"] == pytest.approx(0.15)
    assert one.machine_share == pytest.approx(0.13)


def test_busy_time_is_a_share_of_the_time_that_flink_accounts_for() -> None:
    """Its figures are kept for seconds: between two questions of ours it may have counted less than passed."""
    sampled = planted.samples([10_000.0] * 20)
    old, new = sampled[5], {**sampled[8], "at_ms": sampled[10]["at_ms"]}
    (source, judge) = between(old, new, planted.BEGUN_MS, sampled[0]).vertices["coupons"]
    assert (source.busy, source.busy_share) == pytest.approx((0.4, 0.2))
    assert source.handled_per_s == pytest.approx(10_000)
    assert (judge.slots, judge.handled_per_s) == pytest.approx((1, 500))


def test_a_job_that_began_anew_says_nothing_of_that_interval() -> None:
    sampled = planted.samples([1_000.0] * 20)
    assert between(sampled[10], sampled[5] | {"at_ms": sampled[15]["at_ms"]}, 0, sampled[0]).vertices == {}


def test_who_did_not_answer_is_not_in_the_interval() -> None:
    sampled = planted.samples([1_000.0] * 20)
    silent = {key: value for key, value in sampled[9].items() if key not in ("topic", "jobs", "heaps")}
    one = between(sampled[4], silent, planted.BEGUN_MS, sampled[0])
    assert (one.vertices, one.unread, one.published_per_s) == ({}, {}, 0)
    assert one.cores["taskmanager-1"] == pytest.approx(0.15)
