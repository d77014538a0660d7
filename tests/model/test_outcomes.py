"""What came of decisions, and what a model says of them, from the landed files alone."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from errors import SettingsError
from model import explain
from model.along import scorecard
from model.outcomes import outcomes
from model.standing import chosen
from tests.model.test_choice import FEATURES
from tests.warehouse.landing import START, event, land

SECOND = timedelta(seconds=1)
HORIZON = timedelta(hours=1)


def decision(number: int, **fields: Any) -> dict[str, Any]:
    plain = {
        "decision_id": f"d{number}",
        "campaign_id": "sale",
        "shopper_id": f"s{number}",
        "membership_tier": "gold",
        "rule": "hesitation",
        "cause_event_id": f"event-{number}",
        "outcome": "issued",
        "kind": "coupon",
        "cost_minor": 120,
        "features": json.dumps(FEATURES),
        "basket_minor": 0,
        "occurred_at": START,
        "decided_at": START + SECOND,
    }
    return plain | fields


def order(number: int, who: str, after: timedelta, order_id: str) -> dict[str, Any]:
    at = START + after
    bought = {"event_type": "order_completed", "order_id": order_id, "shopper_id": who, "quantity": 1}
    return event(number, **bought, occurred_at=at, appended_at=at)


@pytest.fixture
def landed(tmp_path: Path) -> Path:
    late = START + timedelta(hours=3)
    land(
        tmp_path,
        "events",
        [
            *(event(number, shopper_id=f"s{number}") for number in range(8)),
            order(10, "s0", HORIZON, "a"),
            order(11, "s1", HORIZON + SECOND, "b"),
            # The order that caused it, whose other line came after.
            order(12, "s2", timedelta(0), "c"),
            order(13, "s2", 2 * SECOND, "c"),
            order(14, "s3", -SECOND, "d"),
            event(20, shopper_id="s0", occurred_at=late, appended_at=late),
        ],
    )
    land(
        tmp_path,
        "decisions",
        [
            decision(0, model="offers", model_version=2, propensity=0.25, chosen_by="model"),
            decision(1, outcome="held_out", cost_minor=0, model="offers", model_version=2, propensity=0.5),
            decision(2, kind="points", cost_minor=50),
            decision(3, rule="abandoned_cart", basket_minor=7_000),
            decision(4, features=None),
            decision(5, outcome="capped"),
            # Its hour is not over.
            decision(6, decided_at=START + timedelta(hours=2, seconds=1)),
        ],
    )
    land(tmp_path, "coupons", [{"coupon_id": "d2", "points": 80, "decided_at": START}])
    return tmp_path


def test_order_after_the_decision_and_within_the_horizon_is_an_outcome(landed: Path) -> None:
    found = {one.decision_id: one for one in outcomes(HORIZON, folder=landed)}
    assert {name: one.ordered for name, one in found.items()} == {"d0": True, "d1": False, "d2": False, "d3": False}
    assert [one.model for one in found.values()] == ["offers 2", "offers 2", None, None]
    assert (found["d0"].inputs["discount_minor"], found["d0"].inputs["discount_share"]) == (120, 0.1)
    assert (found["d1"].inputs["discount_minor"], found["d2"].inputs["points"]) == (0, 80)
    assert (found["d0"].inputs["worth_minor"], found["d3"].inputs["worth_minor"]) == (1_200, 7_000)
    assert outcomes(HORIZON, since=datetime(2027, 1, 1, tzinfo=UTC), folder=landed) == []


def test_what_a_version_expected_stands_beside_what_came(landed: Path) -> None:
    (found,) = chosen(HORIZON, landed)
    # Whoever is held out got nothing of what was expected to sell.
    assert (found.model, found.decisions, found.over, found.expected, found.ordered) == ("offers 2", 2, 1, 0.25, 1.0)


def test_decision_is_explained_input_by_input(landed: Path) -> None:
    found = explain.decision("d0", scorecard(), landed)
    assert found.propensity == scorecard().propensity(outcomes(HORIZON, folder=landed)[0].inputs)
    added = {one["input"]: (one["value"], one["adds"]) for one in found.inputs}
    assert (added["recency_days"], added["discount_share"]) == ((2.0, 25), (0.1, 26))
    assert "scorecard 1 expects an order with" in explain.told(found)
    with pytest.raises(SettingsError, match="decision d4: none with features has landed"):
        explain.decision("d4", scorecard(), landed)


def test_shopper_is_explained_by_what_has_landed(landed: Path) -> None:
    week = timedelta(days=7)
    found = explain.shopper("s2", scorecard(), "CNY", week, week, landed)
    values = {one["input"]: one["value"] for one in found.inputs}
    assert (values["orders"], values["spent_minor"], values["discount_share"]) == (1, 2_400, 0.0)
    assert found.about == "s2 after event 3, without an offer"
    with pytest.raises(SettingsError, match="shopper nobody: no event has landed"):
        explain.shopper("nobody", scorecard(), "CNY", week, week, landed)
