"""Only a first order, only from the price on, and the dearer the higher."""

from dataclasses import replace

from rules.first_order_above import LEAST_MINOR, score
from tests.jobs.test_coupon_rules import CANDIDATE, NOW_MS

FIRST = replace(CANDIDATE, rule="nth_purchase", nth=1, price_minor=LEAST_MINOR)


def test_first_order_from_the_price_on_is_let_in() -> None:
    assert score(FIRST, NOW_MS) == 1.0
    assert score(replace(FIRST, price_minor=2 * LEAST_MINOR), NOW_MS) == 2.0
    assert score(replace(FIRST, price_minor=LEAST_MINOR - 1), NOW_MS) is None
    assert score(replace(FIRST, price_minor=None), NOW_MS) is None


def test_any_later_order_is_not() -> None:
    assert score(replace(FIRST, nth=2), NOW_MS) is None
    assert score(replace(FIRST, nth=None), NOW_MS) is None
