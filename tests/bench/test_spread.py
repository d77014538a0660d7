"""Repeats are summed up by their median, and ratios repeat by repeat."""

from bench.spread import ratios, spread


def test_the_median_is_quoted_with_least_and_most() -> None:
    assert spread([3.0, 1.0, 10.0]) == {"min": 1, "median": 3, "max": 10}


def test_a_ratio_is_made_within_its_repeat() -> None:
    # The machine ran at half its speed in the second; of medians it would be 150 / 75 too, but spread from 1 to 4.
    assert ratios([200.0, 100.0], [100.0, 50.0]) == {"min": 2.0, "median": 2.0, "max": 2.0}
