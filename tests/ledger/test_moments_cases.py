"""The jobs' moments and the reference are one answer: this half holds the file, connector's test the other."""

from collections import Counter

from ledger.moments import PATTERNS
from tests.ledger import moments_cases


def test_cases_are_what_the_reference_finds() -> None:
    assert moments_cases.FILE.read_text(encoding="utf-8") == moments_cases.text()


def test_cases_meet_every_pattern_often() -> None:
    met = Counter(rule for shopper in moments_cases.cases()["shoppers"] for rule, _, _ in shopper["moments"])
    assert set(met) == set(PATTERNS)
    assert min(met.values()) >= 8, met
