"""Rates come from the broker's counters, minutes from the looks, and a checkpoint's worth is no backlog."""

from typing import Any

import pytest

from scaling.rates import Counters, Rates, total


def looked(*looks: tuple[float, int, int]) -> Rates:
    """Looks as second, events and bytes of backlog; an event has 100 bytes."""
    rates = Rates()
    for at_s, events, backlog in looks:
        rates.add(Counters(at_s, events, events * 100, {"coupons": backlog}))
    return rates


def test_one_look_counts_all_topics_of_clicks_and_each_job_on_those_that_it_reads() -> None:
    def stats(events: int, **backlog: int) -> dict[str, Any]:
        subscriptions = {name: {"backlogSize": size} for name, size in backlog.items()}
        return {"msgInCounter": events, "bytesInCounter": events * 100, "subscriptions": subscriptions}

    found = total(5, [stats(90, coupons=900, landing=500), stats(10, coupons_vip=70, landing=30)])
    assert found == Counters(5, 100, 10_000, {"coupons": 900, "coupons_vip": 70, "landing": 530})


def test_one_look_makes_no_rate() -> None:
    assert not looked((0, 10, 0)).known
    assert looked((0, 10, 0), (30, 3_010, 0)).known


def test_rate_is_between_the_last_two_looks() -> None:
    assert looked((0, 0, 0), (30, 3_000, 0), (60, 9_000, 0)).events_per_s == 200


def test_minutes_are_cut_between_looks_and_end_now() -> None:
    rates = looked((0, 0, 0), (40, 4_000, 0), (80, 8_000, 0), (130, 18_000, 0))
    # From 10 to 70 s 100 a second, from 70 to 130 s ten seconds of 100 and fifty of 200.
    assert rates.recent() == pytest.approx([100, 11_000 / 60])
    assert looked((0, 0, 0), (5, 50, 0)).recent() == pytest.approx([10])


def test_looks_older_than_an_hour_are_forgotten() -> None:
    rates = looked(*((minute * 60.0, minute * 600, 0) for minute in range(200)))
    assert len(rates.recent()) == 61


def test_broker_that_counts_from_zero_again_begins_anew() -> None:
    rates = looked((0, 5_000, 0), (30, 8_000, 0), (60, 100, 0))
    assert not rates.known
    rates.add(Counters(90, 400, 40_000, {}))
    assert rates.events_per_s == 10


def test_backlog_is_in_events_and_without_what_a_checkpoint_explains() -> None:
    rates = looked((0, 0, 0), (10, 1_000, 150_000))
    assert rates.waiting("coupons", 10.0) == 500
    assert rates.waiting("coupons", 15.0) == 0
    assert rates.waiting("nobody", 10.0) == 0
