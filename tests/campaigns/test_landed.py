"""A day's candidates are those of the ledger's patterns, with basket and tier, and what else was decided."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from campaigns.judge import Candidate
from campaigns.landed import candidates
from ledger.moments import PATTERNS
from tests.ledger.moments_cases import THRESHOLDS
from tests.ledger.test_expected_coupons import RULES
from tests.warehouse.landing import event, land

DAY = date(2026, 11, 11)
MIDNIGHT = datetime(2026, 11, 11, tzinfo=UTC)


def at(number: int, second: float, kind: str = "product_viewed", **fields: Any) -> dict[str, Any]:
    """An event so many seconds after midnight, which arrives as it happens."""
    moment = MIDNIGHT + timedelta(seconds=second)
    times = dict.fromkeys(("occurred_at", "published_at", "appended_at"), moment)
    return event(number, event_type=kind, quantity=1, **{**times, **fields})


def found(folder: Path, day: date = DAY) -> list[Candidate]:
    return candidates(day, RULES, folder)


def ms(second: float) -> int:
    return int((MIDNIGHT + timedelta(seconds=second)).timestamp() * 1000)


def test_third_view_is_a_candidate_with_what_its_event_says(tmp_path: Path) -> None:
    rows = [at(number, number, store_id="s1", membership_tier="gold") for number in (1, 2, 3)]
    rows[0]["membership_tier"] = "none"
    land(tmp_path, "events", rows)
    assert found(tmp_path) == [
        Candidate(
            rule="hesitation",
            shopper_id="anna",
            cause_event_id="event-3",
            membership_tier="gold",
            occurred_ms=ms(3),
            published_ms=ms(3),
            due_ms=ms(3),
            category="drinks",
            store_id="s1",
            price_minor=1200,
            basket_minor=0,
            product_id="tea",
            currency="CNY",
            favourite_category="drinks",
        )
    ]


def test_basket_left_behind_is_worth_what_the_last_event_left_in_it(tmp_path: Path) -> None:
    rows = [
        at(1, 0, "product_added", price_minor=500),
        at(2, 1, "product_added", price_minor=300),
        at(3, 2, "product_removed", price_minor=500),
    ]
    land(tmp_path, "events", rows)
    (basket,) = found(tmp_path)
    assert (basket.rule, basket.cause_event_id, basket.basket_minor) == ("abandoned_cart", "event-2", 300)
    # RULES: a basket counts as left behind after a minute.
    assert (basket.due_ms, basket.published_ms) == (ms(62), ms(1))


def test_basket_of_one_scanned_between_is_the_one_of_that_moment(tmp_path: Path) -> None:
    rows = [
        at(1, 0, "product_added", price_minor=500),
        at(2, 1, "qr_scanned"),
        at(3, 2, "order_completed"),
        at(4, 3, "qr_scanned"),
    ]
    land(tmp_path, "events", rows)
    assert [(one.cause_event_id, one.basket_minor) for one in found(tmp_path)] == [("event-2", 500), ("event-4", 0)]


def test_basket_is_forgotten_when_the_jobs_forget_it(tmp_path: Path) -> None:
    # RULES: after an hour; a basket that counts as left behind is not what this is about.
    rows = [at(1, 0, "product_added", price_minor=500), at(2, 3_601, "qr_scanned")]
    land(tmp_path, "events", rows)
    assert [(one.rule, one.basket_minor) for one in found(tmp_path)] == [("abandoned_cart", 500), ("qr_claim", 0)]


def test_quiet_that_is_just_as_long_as_asked_is_told_once(tmp_path: Path) -> None:
    rows = [at(1, 0, "product_added"), at(2, 60, "product_viewed"), at(3, 180, "product_viewed")]
    land(tmp_path, "events", rows)
    assert [(one.rule, one.due_ms) for one in found(tmp_path)] == [("abandoned_cart", ms(60))]


def test_day_has_what_fell_due_on_it_and_what_led_to_it_may_be_before(tmp_path: Path) -> None:
    views = [at(1, -2), at(2, -1), at(3, 0)]
    basket = [at(4, -30, "product_added", shopper_id="ben")]
    after = [at(5, 86_399, "qr_scanned", shopper_id="cora"), at(6, 86_400, "qr_scanned", shopper_id="cora")]
    land(tmp_path, "events", [*views, *basket, *after])
    assert [one.cause_event_id for one in found(tmp_path)] == ["event-3", "event-4", "event-5"]
    assert [one.cause_event_id for one in found(tmp_path, date(2026, 11, 12))] == ["event-6"]
    assert found(tmp_path, date(2026, 11, 10)) == []


def decision(**changed: Any) -> dict[str, Any]:
    """One of Anna's first second after midnight."""
    plain = {
        "decision_id": "d",
        "shopper_id": "anna",
        "membership_tier": "gold",
        "cause_event_id": "event-1",
        "outcome": "capped",
        "cost_minor": 0,
        "currency": "CNY",
        "lane": "normal",
        "score": 0.0,
        **dict.fromkeys(("occurred_at", "due_at"), MIDNIGHT + timedelta(seconds=1)),
        "decided_at": MIDNIGHT + timedelta(seconds=2),
    }
    return plain | changed


def test_pattern_that_nobody_here_can_reckon_is_taken_from_what_the_jobs_decided(tmp_path: Path) -> None:
    land(tmp_path, "events", [at(1, 1, "order_completed", store_id="s1", price_minor=700)])
    decided = decision(rule="nth_purchase")
    hesitated = decided | {"decision_id": "h", "campaign_id": "a", "rule": "hesitation"}
    rows = [decided | {"decision_id": name, "campaign_id": name} for name in ("a", "b")]
    land(tmp_path, "decisions", [*rows, hesitated])
    (one,) = found(tmp_path)
    assert (one.rule, one.cause_event_id, one.membership_tier, one.due_ms) == ("nth_purchase", "event-1", "gold", ms(1))
    assert (one.category, one.store_id, one.price_minor, one.nth) == ("drinks", "s1", 700, None)
    assert found(tmp_path, date(2026, 11, 12)) == []


REMEMBERING = replace(RULES, thresholds=THRESHOLDS)


def moments(folder: Path, *patterns: str) -> list[tuple[str, str, int | None, int]]:
    """Pattern, cause, number and basket of each candidate that only campaigns answer."""
    of_day = candidates(DAY, REMEMBERING, folder, patterns)
    return [(one.rule, one.cause_event_id, one.nth, one.basket_minor) for one in of_day if one.rule in patterns]


def test_patterns_for_campaigns_are_reckoned_for_those_who_ask(tmp_path: Path) -> None:
    rows = [
        at(1, 1, price_minor=1_000, currency="CNY"),
        at(2, 2, price_minor=900, currency="CNY"),
        at(3, 3, "product_added", price_minor=700),
        at(4, 4, "product_added", price_minor=300, category="tea"),
        at(5, 5, "checkout_started"),
        at(6, 6, "cart_viewed", category="tea"),
        at(7, 7, "order_completed", order_id="o1"),
        at(8, 8, "red_envelope_claimed"),
        at(9, 9, "red_envelope_claimed", store_id="s1"),
    ]
    land(tmp_path, "events", rows)
    everything = [
        ("price_drop", "event-2", None, 0),
        ("basket_threshold", "event-4", None, 1_000),
        ("checkout_hesitation", "event-6", None, 1_000),
        ("nth_purchase", "event-7", 1, 0),
        ("app_claim", "event-8", None, 0),
    ]
    assert moments(tmp_path, *PATTERNS) == everything
    assert moments(tmp_path, "price_drop") == everything[:1]
    assert found(tmp_path) == []


def test_orders_of_long_before_the_day_count(tmp_path: Path) -> None:
    day_s = 86_400
    before = [
        at(1, -200 * day_s, "order_completed", order_id="o1"),
        at(2, -200 * day_s + 1, "order_completed", order_id="o1"),
        at(3, -100 * day_s, "order_completed", order_id="o2"),
        at(4, -30 * day_s, shopper_id="ben"),
        at(5, -100 * day_s, "order_completed", order_id="o8", shopper_id="ben"),
        at(6, -401 * day_s, "order_completed", order_id="o0"),
    ]
    today = [at(7, 1), at(8, 2, "order_completed", order_id="o3"), at(9, 3, shopper_id="ben")]
    land(tmp_path, "events", [*before, *today])
    # Ben was here 30 days ago, 70 after his order: that was the moment.
    assert moments(tmp_path, "lapsed_buyer", "nth_purchase") == [
        ("lapsed_buyer", "event-7", None, 0),
        ("nth_purchase", "event-8", 4, 0),
    ]


def test_favourite_is_the_category_met_most_and_of_equals_the_latest(tmp_path: Path) -> None:
    rows = [at(n, n, "qr_scanned", category=name) for n, name in enumerate(("tea", "cups", "cups", "tea"))]
    land(tmp_path, "events", rows)
    assert [one.favourite_category for one in found(tmp_path)] == ["tea", "cups", "cups", "tea"]


def test_empty_warehouse_has_no_candidates(tmp_path: Path) -> None:
    assert found(tmp_path) == []
