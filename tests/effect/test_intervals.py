"""Intervals agree with published examples, with slow calculations of the same, and with each other."""

import math
import random

import pytest
from scipy import optimize, stats

from effect.intervals import (
    NOTHING,
    Sums,
    Uplift,
    cost_per_additional,
    mean_uplift,
    relative_uplift,
    share_uplift,
    split_p_value,
)

Z = 1.959963984540054


# Newcombe, Interval estimation for the difference between independent proportions, Statistics in Medicine 17, 1998,
# table II, method 6.
@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        ((56, 70, 48, 80), 0.0528, 0.3382),
        ((9, 10, 3, 10), 0.1700, 0.8406),
        ((5, 56, 0, 29), -0.0326, 0.1933),
        ((0, 10, 0, 20), -0.1658, 0.2844),
        ((10, 10, 0, 20), 0.7156, 1.0000),
    ],
)
def test_a_published_example_is_met(counts: tuple[int, int, int, int], low: float, high: float) -> None:
    found = share_uplift(*counts)
    assert [found.low, found.high] == pytest.approx([low, high], abs=5e-5)


def likeliest(x1: int, n1: int, x0: int, n0: int, slope: float, shift: float) -> tuple[float, float]:
    """The likeliest two shares that lie on treated = slope * held out + shift, searched for."""

    def unlikely(held_out: float) -> float:
        treated = slope * held_out + shift
        terms = ((x1, treated), (n1 - x1, 1 - treated), (x0, held_out), (n0 - x0, 1 - held_out))
        return -sum(count * math.log(max(share, 1e-300)) for count, share in terms if count)

    bounds = (max(0, -shift / slope), min(1, (1 - shift) / slope))
    held_out = optimize.minimize_scalar(unlikely, bounds=bounds, method="bounded", options={"xatol": 1e-12}).x
    return slope * held_out + shift, held_out


def score(x1: int, n1: int, x0: int, n0: int, slope: float, shift: float) -> float:
    treated, held_out = likeliest(x1, n1, x0, n0, slope, shift)
    variance = treated * (1 - treated) / n1 + slope**2 * held_out * (1 - held_out) / n0
    factor = (n1 + n0) / (n1 + n0 - 1)
    return float((x1 / n1 - slope * x0 / n0 - shift) / math.sqrt(variance * factor))


def test_the_ends_are_where_a_slow_score_test_says() -> None:
    chance = random.Random(3)
    for _ in range(60):
        n1, n0 = chance.randint(20, 20_000), chance.randint(20, 2_000)
        most = chance.choice([0.02, 0.2, 1])
        x1, x0 = chance.randint(1, max(1, int(n1 * most) - 1)), chance.randint(1, max(1, int(n0 * most) - 1))
        absolute, relative = share_uplift(x1, n1, x0, n0), relative_uplift(x1, n1, x0, n0)
        assert absolute.low is not None and absolute.high is not None
        assert relative.low is not None and relative.high is not None
        found = [score(x1, n1, x0, n0, 1, end) for end in (absolute.low, absolute.high)]
        found += [score(x1, n1, x0, n0, 1 + end, 0) for end in (relative.low, relative.high)]
        assert found == pytest.approx([Z, -Z, Z, -Z], abs=1e-4), (x1, n1, x0, n0)


def test_absolute_and_relative_agree_on_whether_there_is_an_effect() -> None:
    chance = random.Random(4)
    verdicts = set()
    for _ in range(500):
        n1, n0 = chance.randint(200, 5_000), chance.randint(50, 500)
        counts = (int(n1 * chance.uniform(0.03, 0.09)), n1, int(n0 * chance.uniform(0.03, 0.09)), n0)
        absolute, relative = share_uplift(*counts), relative_uplift(*counts)
        assert (absolute.positive, absolute.negative) == (relative.positive, relative.negative)
        verdicts.add((absolute.positive, absolute.negative))
    assert verdicts == {(True, False), (False, True), (False, False)}


def test_where_nobody_held_out_bought_the_relative_uplift_has_no_upper_end() -> None:
    found = relative_uplift(50, 900, 0, 100)
    assert (found.value, found.high) == (None, None)
    assert found.low is not None and found.low > 0
    assert share_uplift(50, 900, 0, 100).positive


def test_nobody_bought_says_nothing_relative_and_bounds_the_difference() -> None:
    assert relative_uplift(0, 900, 0, 100) == NOTHING
    found = share_uplift(0, 900, 0, 100)
    assert found.low is not None and found.high is not None
    assert -0.04 < found.low < 0 < found.high < 0.005


def test_everybody_bought_keeps_the_ends_within_reach() -> None:
    found = share_uplift(900, 900, 100, 100)
    assert found.low is not None and found.high is not None
    assert -0.005 < found.low < 0 < found.high < 0.04


@pytest.mark.parametrize("counts", [(0, 0, 5, 100), (5, 100, 0, 0), (0, 0, 0, 0)])
def test_an_empty_arm_gives_no_figure(counts: tuple[int, int, int, int]) -> None:
    assert share_uplift(*counts) == relative_uplift(*counts) == NOTHING


def test_one_shopper_in_each_arm_is_an_answer_without_a_crash() -> None:
    found = share_uplift(1, 1, 0, 1)
    assert found.value == 1
    assert not found.positive


def sums(values: list[int]) -> Sums:
    return Sums(len(values), sum(values), sum(value * value for value in values))


def test_means_have_the_interval_that_scipy_gives_the_values() -> None:
    chance = random.Random(5)
    treated = [chance.choice([0, 0, 0, chance.randint(100, 90_000)]) for _ in range(400)]
    held_out = [chance.choice([0, 0, 0, chance.randint(100, 50_000)]) for _ in range(60)]
    expected = stats.ttest_ind(treated, held_out, equal_var=False).confidence_interval(0.95)
    found = mean_uplift(sums(treated), sums(held_out))
    assert [found.low, found.high] == pytest.approx([expected.low, expected.high])


def test_a_variance_survives_sums_that_no_double_holds() -> None:
    # All spend 10^12 and something small: the squares agree in their first 24 digits.
    near, far = [10**12 + i % 3 for i in range(1_000)], [10**12 + i % 5 for i in range(500)]
    found = mean_uplift(sums(near), sums(far))
    expected = mean_uplift(sums([value - 10**12 for value in near]), sums([value - 10**12 for value in far]))
    assert found.low is not None and expected.low is not None
    assert found.low == pytest.approx(expected.low, abs=1e-3)


@pytest.mark.parametrize(("treated", "held_out"), [([100], [1, 2, 3]), ([1, 2], [5]), ([], [])])
def test_a_mean_needs_two_shoppers_an_arm(treated: list[int], held_out: list[int]) -> None:
    assert mean_uplift(sums(treated), sums(held_out)) == NOTHING


def test_nobody_spent_has_no_interval_of_width_zero() -> None:
    assert mean_uplift(sums([0] * 900), sums([0] * 100)) == Uplift(0, None, None)


def test_cost_per_additional_buyer_is_turned_over() -> None:
    # 1,000 shoppers, 2 % more of them buy, for 60,000: 20 buyers at 3,000 each.
    assert cost_per_additional(60_000, 1_000, Uplift(0.02, 0.01, 0.03)) == Uplift(3_000, 2_000, 6_000)


@pytest.mark.parametrize("low", [0.0, -0.001])
def test_there_is_no_cost_per_additional_buyer_where_perhaps_none_is(low: float) -> None:
    assert cost_per_additional(60_000, 1_000, Uplift(0.02, low, 0.03)) == NOTHING


def test_split_p_value_is_twice_the_tail() -> None:
    # 0 of 10 where half is due: 2 / 2^10. 5 of 10 is the middle.
    assert split_p_value(10, 0, 0.5) == pytest.approx(2 / 1024)
    assert split_p_value(0, 10, 0.5) == pytest.approx(2 / 1024)
    assert split_p_value(5, 5, 0.5) == 1
    assert split_p_value(9_000, 1_000, 0.1) > 0.9


def rate_below(p_value: float, shoppers: int, configured: float, real: float) -> float:
    """How often the p value is below, over all splits that can come out: exact."""
    chances = stats.binom.pmf(range(shoppers + 1), shoppers, real)
    return float(
        sum(
            chance
            for held_out, chance in enumerate(chances)
            if chance > 1e-15 and split_p_value(shoppers - held_out, held_out, configured) < p_value
        )
    )


@pytest.mark.parametrize(("shoppers", "share"), [(1_000, 0.1), (5_000, 0.05), (5_000, 0.5)])
def test_a_sound_split_warns_no_more_often_than_one_time_in_a_thousand(shoppers: int, share: float) -> None:
    assert 0.0006 < rate_below(0.001, shoppers, share, share) <= 0.001
    assert 0.04 < rate_below(0.05, shoppers, share, share) <= 0.05


@pytest.mark.parametrize(("shoppers", "real"), [(5_000, 0.13), (20_000, 0.115), (20_000, 0.085)])
def test_a_broken_split_warns(shoppers: int, real: float) -> None:
    assert rate_below(0.001, shoppers, 0.1, real) > 0.99
