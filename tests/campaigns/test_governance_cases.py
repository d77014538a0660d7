"""The job's governance and the reference give one answer: this half holds the file, connector's test the other."""

from collections import Counter

from campaigns.governance import OUTCOMES
from tests.campaigns import governance_cases


def test_cases_are_what_the_reference_decides() -> None:
    assert governance_cases.FILE.read_text(encoding="utf-8") == governance_cases.text()


def test_cases_meet_every_outcome() -> None:
    steps = governance_cases.cases()["steps"]
    met = Counter(outcome for step in steps for _, outcome in step["outcomes"])
    assert set(met) == set(OUTCOMES), met
