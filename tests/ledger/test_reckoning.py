"""Coupons that were given are held against those that the landed events earn."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from jobs.coupon_rules import coupon_id
from ledger.reckoning import Reckoning, reckon, rules_of
from tests.ledger.test_expected_coupons import RULES
from tests.warehouse.landing import START, event, land


def hesitated(folder: Path, shopper: str, first: int, swapped: bool = False) -> str:
    """Three views that earn a coupon, as three messages of a batch, in any order on disk; the coupon's id."""
    numbers = [first, first + 1, first + 2]
    rows = [
        event(number, shopper_id=shopper, message_id=f"1:10:0:{number}", occurred_at=START + timedelta(seconds=number))
        for number in numbers
    ]
    land(folder, "events", reversed(rows) if swapped else rows, part=f"part-{first}")
    return coupon_id(shopper, "always-on", "hesitation", f"event-{first + 2}")


def give(folder: Path, *names: str, **fields: Any) -> None:
    row = {"shopper_id": "anna", "rule": "hesitation", "decided_at": START, "due_at": START}
    land(folder, "coupons", [row | {"coupon_id": name} | fields for name in names])


def kinds(done: Reckoning) -> list[tuple[str, str]]:
    return sorted((finding.kind, finding.id) for finding in done.findings)


def test_what_was_earned_and_given_is_no_finding(tmp_path: Path) -> None:
    # As numbers, 9 comes before 10; as texts it does not.
    give(tmp_path, hesitated(tmp_path, "anna", 8, swapped=True), hesitated(tmp_path, "ben", 20))
    done = reckon(RULES, tmp_path)
    assert (kinds(done), done.expected, done.either, done.given) == ([], 2, 0, 2)


def test_a_coupon_not_given_and_one_that_nothing_earned_are_named(tmp_path: Path) -> None:
    earned = hesitated(tmp_path, "anna", 0)
    give(tmp_path, "unearned")
    done = reckon(RULES, tmp_path)
    assert kinds(done) == sorted([("coupon_not_given", earned), ("coupon_not_due", "unearned")])
    assert done.findings[0].what == "hesitation for anna: event event-2 landed and earns it, but it was never decided"


def test_the_slack_is_the_longest_that_a_coupon_waited_and_a_second(tmp_path: Path) -> None:
    give(tmp_path, hesitated(tmp_path, "anna", 0), decided_at=START + timedelta(seconds=4))
    assert reckon(RULES, tmp_path).slack_ms == 5_000
    assert reckon(RULES, tmp_path, slack_ms=7).slack_ms == 7


def test_what_a_campaign_gave_is_not_held_against_the_rules_and_may_have_been_in_a_coupons_way(tmp_path: Path) -> None:
    hesitated(tmp_path, "anna", 0)
    earned = hesitated(tmp_path, "ben", 10)
    give(tmp_path, "by-campaign", campaign_version=1)
    decision = {"decision_id": "by-campaign", "shopper_id": "anna", "rule": "qr_claim", "campaign_version": 1}
    land(tmp_path, "decisions", [decision | {"decided_at": START}])
    done = reckon(RULES, tmp_path)
    assert (kinds(done), done.expected, done.either) == ([("coupon_not_given", earned)], 1, 1)


def test_an_empty_warehouse_owes_nothing(tmp_path: Path) -> None:
    done = reckon(RULES, tmp_path)
    assert (done.expected, done.given, done.findings) == (0, 0, [])


def test_the_rules_are_those_of_the_settings() -> None:
    from jobs.coupons import Coupons

    rules = rules_of(Coupons(abandoned_after=timedelta(seconds=8), most_per_day=7))
    assert (rules.abandoned_after_ms, rules.most_per_day, rules.cooldown_ms) == (8_000, 7, 3_600_000)
