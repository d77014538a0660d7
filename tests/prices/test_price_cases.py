"""The job's pricing and the reference give one answer: this half holds the file, connector's test the other."""

from collections import Counter

from tests.prices import price_cases


def test_cases_are_what_the_reference_decides() -> None:
    assert price_cases.FILE.read_text(encoding="utf-8") == price_cases.text()


def test_cases_meet_every_reason_often() -> None:
    met = Counter(case["change"]["reason"] if case["change"] else None for case in price_cases.cases())
    assert set(met) == {None, "below_low", "above_high", "bounds"}, met
    assert min(met.values()) >= 10, met
