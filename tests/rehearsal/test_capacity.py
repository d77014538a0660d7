"""What an event costs is found from the seconds below saturation, and what the peak needs follows from it."""

import random
from math import ceil

import pytest

from rehearsal.capacity import FULL, needs, points
from rehearsal.intervals import SPAN, Interval, intervals
from tests.rehearsal import planted


def apart(sampled: list[dict[str, object]]) -> list[Interval]:
    return intervals(sampled, planted.BEGUN_MS, step=SPAN)


def test_the_planted_cost_of_an_event_is_found() -> None:
    found = needs(apart(planted.samples(planted.ramp(100, 10_000, 60))), peak_per_s=90_000)
    chain = found.chains["coupons"]
    assert chain.name == planted.SOURCE
    assert chain.events_per_s_per_slot == pytest.approx(FULL / planted.EVENT_S, rel=0.01)
    # 40 µs × 90,000 are 3.6 busy slots.
    assert chain.slots == chain.slots_most == ceil(3.6 / FULL)
    cores, error = found.cores_at_peak()["taskmanager-1"]
    assert cores == pytest.approx(4.6, rel=0.02)
    assert error == pytest.approx(0, abs=0.05)


def test_noise_is_told_as_an_error_that_holds_the_truth() -> None:
    dice = random.Random(7)
    noisy = planted.samples(
        planted.ramp(100, 10_000, 90), busy=lambda rate: planted.EVENT_S * rate * dice.uniform(0.7, 1.3)
    )
    chain = needs(apart(noisy), peak_per_s=100_000).chains["coupons"]
    truth = FULL / planted.EVENT_S
    assert chain.events_per_s_per_slot_error > 0
    assert abs(chain.events_per_s_per_slot - truth) < 3 * chain.events_per_s_per_slot_error
    assert chain.slots_most >= chain.slots


def test_seconds_in_which_the_machine_is_full_are_left_out() -> None:
    # Above 10,000 events/s the machine is full, and a slot is busy because it waits for a core.
    def waiting(rate: float) -> float:
        return planted.EVENT_S * rate if rate < 10_000 else 1.9

    def machine(rate: float) -> float:
        return 150e-6 * rate if rate < 10_000 else 2.0

    sampled = planted.samples(planted.ramp(100, 20_000, 120), busy=waiting, machine=machine)
    chain = needs(apart(sampled), peak_per_s=25_000).chains["coupons"]
    assert chain.events_per_s_per_slot == pytest.approx(FULL / planted.EVENT_S, rel=0.02)
    assert chain.line.most_x < 12_000


def test_nothing_is_fitted_where_everything_was_full() -> None:
    found = needs(apart(planted.samples([20_000.0] * 60, machine=lambda _: 2.0)), peak_per_s=25_000)
    assert (found.chains, found.cores) == ({}, {})


def test_points_are_the_busiest_chain_below_saturation() -> None:
    found = points(apart(planted.samples([10_000.0] * 10 + [60_000.0] * 10)))
    assert found == [{"job": "coupons", "events_per_s": 10_000.0, "slots": 2, "busy_share": 0.2}] * 2
