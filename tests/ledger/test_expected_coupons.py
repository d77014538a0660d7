"""The second reckoning gives what the rules say, and holds nothing against a job where only its clock decides."""

from dataclasses import replace
from typing import Any

import pytest

from jobs.coupon_rules import coupon_id
from ledger.event import Event
from ledger.expected_coupons import DAY_MS, REMEMBERED, Rules, expected

START_MS = 1_798_000_000_000
SECOND_MS = 1_000
SLACK_MS = 2_000
RULES = Rules(
    campaign_id="always-on",
    hesitation_views=3,
    hesitation_within_ms=300_000,
    abandoned_after_ms=60_000,
    high_value_views=2,
    high_value_within_ms=600_000,
    high_value_price_minor=100_000,
    cooldown_ms=3_600_000,
    most_per_day=5,
    longest_past_ms=600_000,
    forget_after_ms=3_600_000,
)


def event(number: int, kind: str = "product_viewed", at_ms: int | None = None, **fields: Any) -> Event:
    """The event of a second, `number` seconds after the start."""
    at_ms = START_MS + (number * SECOND_MS if at_ms is None else at_ms)
    whole: dict[str, Any] = {"occurred_ms": at_ms, "appended_ms": at_ms, "product_id": "tea", "price_minor": 900}
    return Event(f"event-{number}", kind, **(whole | fields))


def view(number: int, **fields: Any) -> Event:
    return event(number, "product_viewed", **fields)


def due(*events: Event, rules: Rules = RULES, until_ms: int | None = None) -> list[tuple[str, str, bool]]:
    """Rule, cause and certainty of each coupon; seen at the moment of the last event unless `until_ms` says later."""
    last_ms = events[-1].appended_ms if until_ms is None else START_MS + until_ms
    return [coupon[1:] for coupon in expected("anna", events, rules, SLACK_MS, last_ms)]


def test_the_id_is_that_of_the_cause() -> None:
    (coupon,) = expected("anna", [view(1), view(2), view(3)], RULES, SLACK_MS, START_MS)
    assert coupon.coupon_id == coupon_id("anna", "always-on", "hesitation", "event-3")
    (coupon,) = expected("anna", [view(1), view(2), view(3, campaign_id="11.11")], RULES, SLACK_MS, START_MS)
    assert coupon.coupon_id == coupon_id("anna", "11.11", "hesitation", "event-3")


def test_the_third_view_hesitates_the_second_and_the_fourth_do_not() -> None:
    assert due(view(1), view(2)) == []
    assert due(view(1), view(2), view(3), view(4)) == [("hesitation", "event-3", True)]


def test_a_cause_that_was_history_when_it_came_earns_none() -> None:
    def scanned(past_ms: int) -> list[tuple[str, str, bool]]:
        return due(event(1, "qr_scanned", occurred_ms=START_MS + SECOND_MS - past_ms))

    assert scanned(600_000 - SLACK_MS) == [("qr_claim", "event-1", True)]
    assert scanned(600_000 - SLACK_MS + 1) == [("qr_claim", "event-1", False)]
    assert scanned(600_000 + SLACK_MS) == [("qr_claim", "event-1", False)]
    assert scanned(600_000 + SLACK_MS + 1) == []


def test_views_of_another_product_or_before_an_add_or_too_old_do_not_count() -> None:
    assert due(view(1), view(2, product_id="cup"), view(3)) == []
    assert due(view(1), view(2), event(3, "product_added"), view(4)) == []
    assert due(view(1), view(2), event(3, "product_added", product_id="cup"), view(4))[0] == (
        "hesitation",
        "event-4",
        True,
    )
    assert due(view(0), view(1), view(300)) == [("hesitation", "event-300", True)]
    assert due(view(0), view(1), view(300, at_ms=300_001)) == []


def test_views_count_by_event_time_whatever_the_order_of_arrival() -> None:
    early = replace(view(3), occurred_ms=START_MS - 400_000)
    assert due(view(1), view(2), early, view(4)) == [("hesitation", "event-3", True)], "newer ones are within"
    assert due(early, view(1), view(2)) == []


def test_dear_views_of_any_product_count_until_an_add_or_an_order() -> None:
    dear = {"price_minor": 100_000}
    assert due(view(1, **dear), view(2, product_id="cup", **dear)) == [("high_value_browsing", "event-2", True)]
    assert due(view(1, **dear), view(2, product_id="cup", price_minor=99_999)) == []
    for reset in ("product_added", "order_completed"):
        # So much later that the basket added to is nobody's business here.
        assert due(view(1, **dear), event(2, reset, product_id="pot"), view(3, product_id="cup", **dear)) == []
    assert (
        due(view(1, **dear), view(2, price_minor=1), view(3, product_id="cup", **dear))[0][0] == "high_value_browsing"
    )


def test_a_scanned_code_is_only_capped() -> None:
    scans = [event(number, "qr_scanned") for number in range(6)]
    assert due(*scans) == [("qr_claim", f"event-{number}", True) for number in range(5)]


def test_a_basket_left_for_long_enough_earns_one_and_only_once() -> None:
    added = event(0, "product_added")
    assert due(added, until_ms=60_000 - SLACK_MS - 1) == []
    assert due(added, until_ms=60_000 - SLACK_MS) == [("abandoned_cart", "event-0", False)]
    assert due(added, until_ms=60_000 + SLACK_MS) == [("abandoned_cart", "event-0", False)]
    assert due(added, until_ms=60_001 + SLACK_MS) == [("abandoned_cart", "event-0", True)]
    never_cool = replace(RULES, cooldown_ms=0)
    again = due(added, event(100, "cart_viewed"), until_ms=300_000, rules=never_cool)
    assert again == [("abandoned_cart", "event-0", True)]


def test_a_basket_perhaps_left_behind_and_then_surely_is_one_coupon_that_must_be() -> None:
    never_cool = replace(RULES, cooldown_ms=0)
    twice = due(event(0, "product_added"), event(60, "cart_viewed"), until_ms=300_000, rules=never_cool)
    assert twice == [("abandoned_cart", "event-0", False), ("abandoned_cart", "event-0", True)]


def test_any_event_wakes_a_basket_and_the_last_add_is_the_cause() -> None:
    added = event(0, "product_added")
    assert due(added, event(50, "cart_viewed"), until_ms=100_000) == []
    later = event(50, "product_added")
    assert due(added, later, until_ms=200_000) == [("abandoned_cart", "event-50", True)]


def test_an_emptied_or_bought_basket_is_not_left_behind() -> None:
    added = event(0, "product_added", quantity=2)
    assert due(added, event(1, "order_completed"), until_ms=200_000) == []
    assert due(added, event(1, "product_removed", quantity=2), until_ms=200_000) == []
    assert due(added, event(1, "product_removed", quantity=1), until_ms=200_000) == [
        ("abandoned_cart", "event-0", True)
    ]


def test_the_cooldown_is_certain_but_for_the_slack_around_its_end() -> None:
    def scans_apart(gap_ms: int) -> list[tuple[str, str, bool]]:
        first, again = [view(1), view(2), view(3)], [view(number, at_ms=gap_ms + number * 1000) for number in (11, 12)]
        third = view(13, at_ms=gap_ms + 3_000)
        rules = replace(RULES, forget_after_ms=10 * DAY_MS)
        return due(*first, *again, third, rules=rules)[1:]

    assert scans_apart(3_600_000 - SLACK_MS - 1) == []
    assert scans_apart(3_600_000 - SLACK_MS) == [("hesitation", "event-13", False)]
    assert scans_apart(3_600_000 + SLACK_MS - 1) == [("hesitation", "event-13", False)]
    assert scans_apart(3_600_000 + SLACK_MS) == [("hesitation", "event-13", True)]


def test_what_may_have_been_given_makes_what_follows_uncertain_only() -> None:
    rules = replace(RULES, most_per_day=1)
    added = event(0, "product_added")
    given = due(added, event(61, "qr_scanned"), rules=rules)
    assert given == [("abandoned_cart", "event-0", False), ("qr_claim", "event-61", False)]


def test_two_rules_in_one_moment_at_the_cap_are_both_possible() -> None:
    rules = replace(RULES, most_per_day=1)
    dear = {"price_minor": 100_000}
    assert due(view(1, product_id="cup"), view(2), view(3), view(4, **dear), view(5, **dear), rules=rules)[0] == (
        "hesitation",
        "event-4",
        False,
    )
    assert {certain for _, _, certain in due(view(1), view(2, **dear), view(3, **dear), rules=rules)} == {False}


def test_a_day_later_the_cap_is_open_again() -> None:
    rules = replace(RULES, most_per_day=1)
    scan = event(0, "qr_scanned")
    for gap_ms, given in (
        (DAY_MS - SLACK_MS - 1, []),
        (DAY_MS - SLACK_MS, [("qr_claim", "event-9", False)]),
        (DAY_MS + SLACK_MS, [("qr_claim", "event-9", True)]),
    ):
        assert due(scan, event(9, "qr_scanned", at_ms=gap_ms), rules=rules)[1:] == given


@pytest.mark.parametrize(
    ("gap_ms", "given"),
    [
        (3_600_000 - SLACK_MS - 1, [("hesitation", "event-3", True)]),
        (3_600_000, [("hesitation", "event-3", False)]),
        (3_600_001 + SLACK_MS, []),
    ],
)
def test_a_shopper_who_was_quiet_for_long_is_forgotten(gap_ms: int, given: list[tuple[str, str, bool]]) -> None:
    # By the shopper's own clock all three are close together: the phone was offline.
    third = replace(view(3, at_ms=gap_ms), occurred_ms=START_MS + 3_000)
    rules = replace(RULES, longest_past_ms=2 * 3_600_000)
    assert due(view(1, at_ms=-1_000), view(2, at_ms=0), third, rules=rules) == given


def test_only_so_many_events_are_remembered() -> None:
    between = [event(number, "cart_viewed", product_id=None) for number in range(10, 10 + REMEMBERED - 2)]
    assert due(view(1), view(2), *between[1:], view(200)) == [("hesitation", "event-200", True)]
    assert due(view(1), view(2), *between, view(200)) == []


def test_a_pattern_that_campaigns_answer_may_earn_these_rules_coupon_and_blocks_none() -> None:
    scans = [event(number, "qr_scanned") for number in range(5)]
    hesitates = [view(number) for number in (6, 7, 8)]
    last_ms = hesitates[-1].appended_ms
    found = expected("anna", [*scans, *hesitates], RULES, SLACK_MS, last_ms, answered={"qr_claim"})
    # RULES: five a day, which the scans may have been or not.
    assert [(one.rule, one.certain) for one in found] == [("qr_claim", False)] * 5 + [("hesitation", False)]
    assert [one.rule for one in expected("anna", [*scans, *hesitates], RULES, SLACK_MS, last_ms)] == ["qr_claim"] * 5
