"""The choice among offers: by what each is expected to earn, now and then any, and the same each time."""

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from campaigns import judge as reference
from jobs.campaign_rules import of_campaign, propose, share_of
from model.choice import Moment, asked, choose, value
from model.definition import Kept, Model, parse, written
from tests.campaigns.files import START_MS, campaign
from tests.jobs.test_campaign_rules import POLICY, nobody
from tests.jobs.test_coupon_rules import CANDIDATE, NOW_MS

FEATURES = {
    "events": 9,
    "since_order_ms": 2 * 86_400_000,
    "orders": 2,
    "lines": 4,
    "coupon_lines": 1,
    "pieces": 5,
    "spent_minor": 5_000,
    "looks": 8,
    "looked_minor": 16_000,
    "adds": 2,
    "newest_categories": 8,
    "of_category": 2,
}
MOMENT = Moment("hesitation", "gold", 10_000, 0, json.dumps(FEATURES))
OFFERS = ({"name": "small", "minor": 100}, {"name": "large", "percent": 20, "most_minor": 3_000})
COUPON, POINTS = {"kind": "coupon", "points": 0}, {"kind": "points", "points": 50}


def card(points: dict[str, list[Any]], version: int = 1) -> Model:
    """A scorecard with odds of 1 to 1 at 0 points, doubled by each; by input below and points."""
    attributes = [
        {"input": name, "missing": -7, "bins": [{"below": below, "points": low}, {"points": high}]}
        for name, (below, low, high) in points.items()
    ]
    plain = {"kind": "scorecard", "name": "card", "version": version, "horizon_ms": 1}
    return parse(written({**plain, "base_points": 0, "base_odds": 1, "double_points": 1, "attributes": attributes}))


def test_what_a_model_is_asked_follows_from_the_features() -> None:
    found = asked(MOMENT, "coupon", 500, 0)
    expected = {
        "recency_days": 2.0,
        "mean_piece_minor": 1_000.0,
        "mean_look_minor": 2_000.0,
        "bought_to_looked": 0.5,
        "coupon_share": 0.25,
        "adds_per_look": 0.25,
        "affinity": 0.25,
        "worth_minor": 10_000,
        "discount_minor": 500,
        "discount_share": 0.05,
        "tier:gold": 1.0,
        "tier:vip": 0.0,
        "rule:hesitation": 1.0,
    }
    assert {name: found[name] for name in expected} == expected


def test_nothing_known_is_missing_and_not_nought() -> None:
    found = asked(replace(MOMENT, features=None, base_minor=None), None, 0, 0)
    assert found["orders"] is found["recency_days"] is found["worth_minor"] is None
    assert found["discount_share"] == 0.0
    card({"orders": [1, 0, 3]}).propensity(found)
    assert card({"orders": [1, 0, 3]}).contributions(found) == {"orders": -7}


def test_scorecard_doubles_the_odds() -> None:
    model = card({"orders": [2, 0, 3], "affinity": [0.5, -1, 0]})
    assert model.propensity(asked(MOMENT, None, 0, 0)) == pytest.approx(4 / 5)


def test_discount_is_paid_by_who_orders_and_points_by_all() -> None:
    even = card({"orders": [99, 0, 0]})
    assert value(MOMENT, COUPON, 1_000, even, 30) == (0.5, 0.5 * (3_000 - 1_000))
    assert value(MOMENT, POINTS, 1_000, even, 30) == (0.5, 0.5 * 3_000 - 1_000)


def test_offer_that_is_expected_to_earn_most_is_chosen() -> None:
    # At a discount of 8 % or more the odds are 8 to 1, below it even.
    moved = card({"discount_share": [0.08, 0, 3]})
    chosen = choose(MOMENT, [COUPON] * 3, [100, 800, 2_900], moved, 30, 0.1, 0.5)
    assert (chosen.place, chosen.by) == (1, "model")
    assert chosen.probability == pytest.approx(0.9 + 0.1 / 3)
    unmoved = card({"discount_share": [0.08, 0, 0]})
    assert choose(MOMENT, [COUPON] * 3, [800, 100, 100], unmoved, 30, 0.1, 0.5).place == 1, "of equal ones the first"


def test_exploration_draws_each_offer_as_often() -> None:
    even = card({"orders": [99, 0, 0]})
    lots = [share_of("salt", str(number)) for number in range(6_000)]
    found = [choose(MOMENT, [COUPON] * 3, [100, 800, 2_900], even, 30, 0.3, lot) for lot in lots]
    explored = Counter(one.place for one in found if one.by == "exploration")
    # 600 of each expected; 100 is five standard errors.
    assert all(abs(explored[place] - 600) < 100 for place in range(3))
    assert {one.place for one in found if one.by == "model"} == {0}
    assert {(one.place, round(one.probability, 9)) for one in found} == {(0, 0.8), (1, 0.1), (2, 0.1)}
    assert choose(MOMENT, [COUPON], [100], even, 30, 0.0, 0.0).by == "model"


def definition(**changed: Any) -> dict[str, Any]:
    plain = json.loads(campaign(patterns=[CANDIDATE.rule], offers=OFFERS, **changed).text)
    return {**plain, "version": 4, "deadline_ms": 10**12}


def test_campaign_that_asks_the_model_says_what_it_expected() -> None:
    asking = definition(choice={"by": "model", "margin_percent": 50, "explore": 0.0})
    priced = replace(CANDIDATE, price_minor=10_000, features=json.dumps(FEATURES))
    (found,) = propose(priced, [asking], POLICY, NOW_MS, nobody, card({"discount_share": [0.15, -3, 3]}, version=7))
    assert (found["offer"], found["cost_minor"], found["chosen_by"]) == ("large", 2_000, "model")
    assert (found["model"], found["model_version"], found["choice_probability"]) == ("card", 7, 1.0)
    assert found["propensity"] == pytest.approx(8 / 9)
    assert found["score"] == pytest.approx(8 / 9 * (5_000 - 2_000)), "what it earns ranks it"


def test_campaign_that_does_not_ask_chooses_by_tier() -> None:
    before = {key: kept for key, kept in definition().items() if key != "choice"}
    for plain in (definition(), before):
        (found,) = propose(CANDIDATE, [plain], POLICY, NOW_MS, nobody, card({"discount_share": [0.15, -3, 3]}))
        assert (found["offer"], found["chosen_by"], found["model"], found["score"]) == ("small", "tier", None, 0.0)


def test_plan_chooses_what_the_job_chooses() -> None:
    asking = campaign(offers=OFFERS, holdout={"salt": "s"}, choice={"by": "model", "explore": 0.3})
    model = card({"discount_share": [0.15, 0, 1]})
    chosen: Counter[str] = Counter()
    for number in range(200):
        priced = replace(
            CANDIDATE, rule="hesitation", cause_event_id=f"cause-{number}", price_minor=4_000 + number, features=None
        )
        in_job = of_campaign(priced, {**json.loads(asking.text), "version": 1}, 10**15, model=model)
        fields = {name: getattr(priced, name) for name in reference.Candidate.__dataclass_fields__}
        in_plan = reference.propose(asking, reference.Candidate(**fields), START_MS, 10**15, model=model)
        assert in_job is not None
        assert in_plan is not None
        assert in_plan.offer is not None
        assert (in_job["offer"], in_job["score"]) == (in_plan.offer.name, in_plan.score)
        chosen[in_job["offer"]] += 1
    assert min(chosen["small"], chosen["large"]) > 10


def test_text_that_is_no_model_leaves_the_last_good_one() -> None:
    told: list[str] = []
    kept = Kept(card({"orders": [1, 0, 0]}), told.append)
    good = {"kind": "scorecard", "name": "good", "version": 2, "horizon_ms": 1, "base_points": 0, "base_odds": 1}
    text = written({**good, "double_points": 1, "attributes": [{"input": "looks", "bins": [{"points": 1}]}]})
    assert kept(None).name == "card"
    assert kept(text).name == "good"
    assert [kept("{}").name for _ in range(3)] == ["good"] * 3
    assert told == ["model: kind: scorecard or boosted, got None; good version 2 goes on"]
    assert kept(None).name == "card"
