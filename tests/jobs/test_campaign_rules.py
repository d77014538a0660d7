"""What the job's judge proposes: with a campaign what it says, without one only for the patterns built in."""

import json
from dataclasses import replace
from typing import Any

import pytest

from campaigns.file import patterns
from campaigns.judge import OFF_THE_BASKET
from jobs.campaign_rules import BASKET_RULES, BUILT_IN, cost_minor, propose
from jobs.coupon_rules import Candidate, Policy
from tests.campaigns.files import campaign
from tests.jobs.test_coupon_rules import CANDIDATE, LONGEST_PAST_MS, NOW_MS

POLICY = Policy("always-on", "CNY", cooldown_ms=0, valid_ms=1, longest_past_ms=LONGEST_PAST_MS)


def nobody(rule: str, candidate: Candidate, now_ms: int) -> float | None:
    raise AssertionError(f"nobody asked for {rule}")


@pytest.mark.parametrize("rule", patterns())
def test_without_a_campaign_only_what_is_built_in_earns(rule: str) -> None:
    found = propose(replace(CANDIDATE, rule=rule), None, POLICY, NOW_MS, nobody)
    assert [one["campaign"] for one in found] == (["always-on"] if rule in BUILT_IN else [])


def test_what_is_built_in_is_a_pattern() -> None:
    assert set(BUILT_IN) <= set(patterns())
    assert set(BASKET_RULES) <= set(patterns())
    assert set(BASKET_RULES) == set(OFF_THE_BASKET), "the reference takes a percentage of the same"


@pytest.mark.parametrize("rule", patterns())
def test_percentage_is_of_the_basket_where_the_pattern_is_about_it(rule: str) -> None:
    offer: dict[str, Any] = {"kind": "coupon", "percent": 10, "most_minor": 5_000}
    asked = replace(CANDIDATE, rule=rule, basket_minor=2_000, price_minor=700)
    assert cost_minor(asked, offer) == (200 if rule in BASKET_RULES else 70)


def of_rule(name: str | None) -> dict[str, Any]:
    definition = json.loads(campaign(patterns=[CANDIDATE.rule], rule=name).text)
    return {**definition, "version": 1, "deadline_ms": 10**12}


@pytest.mark.parametrize("score", [None, 0.0, 2.5])
def test_rule_of_the_shops_own_lets_in_and_ranks(score: float | None) -> None:
    asked = []

    def ask(rule: str, candidate: Candidate, now_ms: int) -> float | None:
        asked.append((rule, candidate, now_ms))
        return score

    found = propose(CANDIDATE, [of_rule("dear"), of_rule(None)], POLICY, NOW_MS, ask)
    assert [one["score"] for one in found] == [0.0] if score is None else [score, 0.0]
    assert asked == [("dear", CANDIDATE, NOW_MS)]


def test_version_of_before_there_were_rules_lets_everybody_in() -> None:
    before = {key: value for key, value in of_rule(None).items() if key != "rule"}
    assert [one["score"] for one in propose(CANDIDATE, [before], POLICY, NOW_MS, nobody)] == [0.0]
