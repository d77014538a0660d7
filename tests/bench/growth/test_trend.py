"""A planted leak is found, a flat series is flat however it swings, and what cannot be told is not told."""

import math
import random

import pytest

from bench.growth.trend import line, trend

# Twenty minutes, a sample every fifteen seconds.
SECONDS = [15.0 * number for number in range(81)]


def noise(share: float, seed: int = 1) -> list[float]:
    dice = random.Random(seed)
    return [1_000 * dice.gauss(1, share) for _ in SECONDS]


def test_noise_about_a_level_is_flat() -> None:
    assert trend(SECONDS, noise(0.01)).verdict == "flat"


def test_what_grows_until_it_is_full_is_flat_afterwards() -> None:
    filled = [value * min(1.0, 0.2 + at / 500) for at, value in zip(SECONDS, noise(0.01), strict=True)]
    assert trend(SECONDS, filled).verdict == "flat"


def test_a_saw_tooth_is_flat() -> None:
    teeth = [value + at % 120 / 3 for at, value in zip(SECONDS, noise(0.005), strict=True)]
    assert trend(SECONDS, teeth).verdict == "flat"


def test_a_leak_of_a_tenth_in_ten_minutes_grows() -> None:
    leaking = [value * (1 + at / 6_000) for at, value in zip(SECONDS, noise(0.01), strict=True)]
    found = trend(SECONDS, leaking)
    assert found.verdict == "grows"
    # From 1.1 to 1.2 of the level: 0.1 of a mean of 1.15.
    assert found.low < 0.1 / 1.15 < found.high


def test_what_gets_less_shrinks() -> None:
    assert trend(SECONDS, [2_000 - at for at in SECONDS]).verdict == "shrinks"


def test_a_leak_that_drowns_in_noise_is_unclear() -> None:
    leaking = [value * (1 + at / 12_000) for at, value in zip(SECONDS, noise(0.2), strict=True)]
    assert trend(SECONDS, leaking).verdict == "unclear"


def test_a_walk_without_a_goal_is_no_trend() -> None:
    verdicts = []
    for seed in range(20):
        dice, at, walk = random.Random(seed), 1_000.0, []
        for _ in SECONDS:
            at += dice.gauss(0, 10)
            walk.append(at)
        verdicts.append(trend(SECONDS, walk).verdict)
    # Each step stays: neighbouring samples are nearly one sample, and an interval that took them for many would call
    # most walks a trend.
    assert verdicts.count("grows") + verdicts.count("shrinks") <= 4


def test_nothing_is_flat() -> None:
    assert trend(SECONDS, [0.0] * len(SECONDS)).verdict == "flat"


def test_too_few_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="3 samples in the second half; 6 are the least"):
        trend([0, 15, 30, 45, 60], [1, 1, 1, 1, 1])


def test_bytes_a_user_are_the_slope_between_sizes() -> None:
    found = line([10_000, 100_000, 1_000_000], [1_000 + 300 * users for users in (10_000, 100_000, 1_000_000)])
    assert (round(found.slope), round(found.start)) == (300, 1_000)


def test_two_points_have_a_slope_without_a_bound() -> None:
    found = line([0, 1], [0, 5])
    assert (found.slope, found.low, found.high) == (5, -math.inf, math.inf)
