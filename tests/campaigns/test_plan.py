"""What applying changes is told key by key, and what a landed day would have cost is what the rules give."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from campaigns.definition import Campaign
from campaigns.landed import Known, candidates
from campaigns.plan import changes, on, sentence, told, would_run
from campaigns.replay import Reach
from campaigns.store import ACTIVE, PAUSED, Found, Version
from tests.campaigns.files import DAY_MS, campaign
from tests.campaigns.test_landed import DAY, at, decision
from tests.jobs.test_own_rules import written
from tests.ledger.test_expected_coupons import RULES
from tests.model.test_choice import card
from tests.warehouse.landing import land


def applied(*campaigns: Campaign, status: str = ACTIVE, **broken: Any) -> Found:
    at = datetime(2027, 1, 1, tzinfo=UTC)
    return Found({one.name: Version(one.name, 3, status, at, one.text, one, **broken) for one in campaigns})


def test_new_changed_unchanged_and_without_a_file() -> None:
    found = applied(campaign("same"), campaign("changed"), campaign("gone"))
    files = {"same": campaign("same"), "changed": campaign("changed", priority=7), "new": campaign("new")}
    told = {one.campaign: (one.change, one.version) for one in changes(files, found)}
    assert told == {"changed": ("changed", 3), "gone": ("no file", 3), "new": ("new", None), "same": ("unchanged", 3)}


def test_keys_that_differ_are_dotted_with_old_and_new() -> None:
    before = campaign(audience={"tiers": ["vip"]}, offers=[{"name": "a", "minor": 1}, {"name": "b", "minor": 2}])
    after = campaign(
        ends_ms=campaign().ends_ms + 1_000, offers=[{"name": "a", "minor": 5}, {"name": "c", "kind": "prize"}]
    )
    (change,) = changes({"sale": after}, applied(before, status=PAUSED))
    assert change.keys["offers.a.minor"] == (1, 5)
    assert change.keys["audience.tiers"] == (["vip"], None)
    assert change.keys["offers"] == (["a", "b"], ["a", "c"])
    assert (change.keys["offers.b.minor"], change.keys["offers.c.kind"]) == ((2, None), (None, "prize"))
    lines = sentence(change).splitlines()
    assert lines[0] == "sale: changed (version 3, paused)"
    assert "  ends_ms: 2027-01-02T04:26:40+00:00 -> 2027-01-02T04:26:41+00:00" in lines
    assert "  audience.tiers: ['vip'] -> none" in lines


def test_order_of_offers_alone_is_a_change_that_is_told() -> None:
    offers = [{"name": "a", "minor": 1}, {"name": "b", "minor": 2}]
    (change,) = changes({"sale": campaign(offers=offers[::-1])}, applied(campaign(offers=offers)))
    assert change.keys == {"offers": (["a", "b"], ["b", "a"])}


def test_segment_whose_bounds_moved_is_a_change_and_a_version_of_before_there_were_any_is_none() -> None:
    def lapsed(days: int) -> Campaign:
        return campaign(audience={"segments": {"lapsed": {"since_order_ms": {"at_least": days * DAY_MS}}}})

    (change,) = changes({"sale": lapsed(30)}, applied(lapsed(60)))
    assert sentence(change).splitlines() == [
        "sale: changed (version 3, active)",
        "  audience.segments.lapsed.since_order_ms.at_least: 60 d -> 30 d",
    ]
    (change,) = changes({"sale": lapsed(30)}, applied(campaign()))
    assert change.keys == {"audience.segments.lapsed.since_order_ms.at_least": (None, 30 * DAY_MS)}
    plain = json.loads(campaign().text)
    del plain["audience"]["segments"]
    before = Campaign.parse(json.dumps(plain))
    assert [one.change for one in changes({"sale": campaign()}, applied(before))] == ["unchanged"]


def test_only_what_is_neither_paused_nor_over_would_run() -> None:
    files = {"sale": campaign(), "paused": campaign("paused")}
    found = applied(campaign("paused"), status=PAUSED)
    assert would_run(files, found, campaign().ends_ms - 1) == [campaign()]
    assert would_run(files, found, campaign().ends_ms) == []


def test_landed_day_is_decided_as_if_the_campaigns_had_begun_with_it(tmp_path: Path) -> None:
    def views(first: int, shopper: str, tier: str) -> list[dict[str, Any]]:
        return [at(first + n, first + n, shopper_id=shopper, membership_tier=tier) for n in range(3)]

    land(tmp_path, "events", [*views(0, "anna", "vip"), *views(10, "ben", "none"), *views(20, "cora", "none")])
    ten = [{"name": "ten", "percent": 10, "most_minor": 5_000}]
    day = on(DAY, [campaign(offers=ten, budget={"money_minor": 240})], RULES, tmp_path)
    assert day.candidates == 3
    # 10 % of 12.00 twice; a third is more than the budget has.
    assert told(day).splitlines() == [
        "On 2026-11-11 (UTC) there were 3 candidates; had these campaigns begun that day:",
        "sale: 2 issued to 2 shoppers for 240 minor CNY",
        "  none: 1 to 1 for 120",
        "  vip: 1 to 1 for 120",
        "  not issued: 1 out_of_budget",
    ]


def test_rule_of_the_shops_own_decides_the_day_too_and_its_failures_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    land(
        tmp_path,
        "events",
        [
            at(first + n, first + n, shopper_id=who)
            for first, who in ((0, "anna"), (10, "ben"), (20, "cora"))
            for n in range(3)
        ],
    )
    rule = "def score(candidate, now_ms):\n    return 1 / (len(candidate.shopper_id) - 3) if ok else None\n"
    written(tmp_path, broken=rule.replace("ok", "True"), nobody=rule.replace("ok", "False"))
    monkeypatch.setenv("HONGBAO_CAMPAIGNS_RULES", str(tmp_path))
    day = on(DAY, [campaign(rule="broken"), campaign("never", rule="nobody")], RULES, tmp_path)
    assert told(day).splitlines() == [
        "On 2026-11-11 (UTC) there were 3 candidates; had these campaigns begun that day:",
        "sale: 2 issued to 2 shoppers for 600 minor CNY",
        "  none: 2 to 2 for 600",
        "never: 0 issued to 0 shoppers for 0 minor CNY",
        "rule broken: ZeroDivisionError: division by zero (for 1 candidates)",
    ]


def test_campaign_that_chooses_by_a_model_is_planned_with_what_was_known_of_each(tmp_path: Path) -> None:
    """Ben, who bought an hour before, buys whatever the discount: a small one does."""
    before = [at(90, -3_600, "order_completed", shopper_id="ben", order_id="a")]
    looks = [at(first + n, first + n, shopper_id=who) for first, who in ((0, "anna"), (10, "ben")) for n in range(3)]
    leaves = [at(30, 30, "product_added", shopper_id="cora"), at(31, 31, "cart_viewed", shopper_id="cora")]
    land(tmp_path, "events", [*before, *looks, *leaves])
    offers = [{"name": "small", "minor": 10}, {"name": "large", "minor": 100}]
    choice = {"by": "model", "margin_percent": 50, "explore": 0.0}
    asking = campaign(offers=offers, patterns=["hesitation", "abandoned_cart"], choice=choice)
    known = Known("CNY", timedelta(days=400), timedelta(days=7))
    model = card({"discount_minor": [50, -2, 2], "orders": [1, -10, 100]})
    day = on(DAY, [asking], RULES, tmp_path, model, known)
    assert day.effects[0].offers == {"small": 1, "large": 2}
    # What is left behind is about the category of what was added.
    (left,) = [one for one in candidates(DAY, RULES, tmp_path, (), known) if one.rule == "abandoned_cart"]
    assert left.features is not None
    assert (json.loads(left.features)["events"], json.loads(left.features)["of_category"]) == (2, 2)


def test_campaign_for_a_segment_is_planned_by_what_was_known_of_each_at_the_moment(tmp_path: Path) -> None:
    """Anna bought for 1,000 before, Ben for as much but later, Cora for 999 31 s before; Dora only scanned."""

    def bought(number: int, second: float, who: str, price_minor: int) -> dict[str, Any]:
        return at(number, second, "order_completed", shopper_id=who, order_id=who, price_minor=price_minor)

    rows = [bought(90, -9, "anna", 1_000), bought(91, 3_600, "ben", 1_000), bought(92, -9, "cora", 999)]
    for first, who in ((0, "anna"), (10, "ben"), (20, "cora")):
        rows += [at(first + n, first + n, shopper_id=who) for n in range(3)]
    land(tmp_path, "events", [*rows, at(30, 30, "qr_scanned", shopper_id="dora")])
    known = Known("CNY", timedelta(days=400), timedelta(days=7))
    bounds: dict[str, Any] = {
        "spenders": {"spent_minor": {"at_least": 1_000}},
        "recent": {"since_order_ms": {"at_most": 31_000}},
    }
    either = campaign(audience={"segments": bounds})
    spenders = campaign("spend", priority=1, audience={"segments": {"spenders": bounds["spenders"]}})
    day = on(DAY, [spenders, either], RULES, tmp_path, known=known)
    assert told(day).splitlines() == [
        "On 2026-11-11 (UTC) there were 4 candidates; had these campaigns begun that day:",
        "spend: 1 issued to 1 shoppers for 300 minor CNY",
        "  none: 1 to 1 for 300",
        "  in spenders: 1 of 3 shoppers who met its patterns",
        "sale: 1 issued to 1 shoppers for 300 minor CNY",
        "  none: 1 to 1 for 300",
        "  not issued: 1 outranked",
        "  in spenders: 1 of 3 shoppers who met its patterns",
        "  in recent: 2 of 3 shoppers who met its patterns",
    ]


def test_pattern_of_the_shops_own_is_planned_with_the_features_that_it_was_decided_with(tmp_path: Path) -> None:
    decided = decision(rule="own", campaign_id="a")
    rows = [
        decided | {"decision_id": "1", "shopper_id": "anna", "cause_event_id": "1", "features": '{"orders":1}'},
        decided | {"decision_id": "2", "shopper_id": "ben", "cause_event_id": "2", "features": None},
    ]
    land(tmp_path, "decisions", rows)
    buyers = {"buyers": {"orders": {"at_least": 1}}}
    asked = [campaign(patterns=["own"], audience={"segments": buyers})]
    day = on(DAY, asked, RULES, tmp_path, known=Known("CNY", timedelta(days=400), timedelta(days=7)))
    assert (day.candidates, day.effects[0].outcomes["issued"]) == (2, 1)
    assert day.reached == {"sale": Reach(2, {"buyers": 1})}
