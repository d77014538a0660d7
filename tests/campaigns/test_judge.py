"""Who is asked, which offer, at what cost: at each boundary."""

from collections import Counter
from typing import Any

import pytest

from campaigns.definition import Campaign, Offer
from campaigns.governance import State, govern
from campaigns.judge import (
    OFF_THE_BASKET,
    Candidate,
    Proposal,
    chosen,
    cost_minor,
    drawn,
    held_out,
    propose,
    uniform,
)
from jobs.coupon_rules import Candidate as JobCandidate
from tests.campaigns.files import DAY_MS, START_MS, campaign

LONGEST_PAST_MS = 600_000
NOW_MS = START_MS + DAY_MS


def candidate(**changed: Any) -> Candidate:
    plain: dict[str, Any] = {
        "rule": "hesitation",
        "shopper_id": "anna",
        "cause_event_id": "event-1",
        "membership_tier": "none",
        "occurred_ms": NOW_MS,
        "published_ms": NOW_MS,
        "due_ms": NOW_MS,
    }
    return Candidate(**plain | changed)


def proposed(found: Campaign, now_ms: int = NOW_MS, **changed: Any) -> Proposal | None:
    return propose(found, candidate(**changed), now_ms, LONGEST_PAST_MS)


def test_it_runs_from_its_start_until_just_before_its_end() -> None:
    sale = campaign()
    for now_ms, runs in (
        (sale.starts_ms - 1, False),
        (sale.starts_ms, True),
        (sale.ends_ms - 1, True),
        (sale.ends_ms, False),
    ):
        at = {"occurred_ms": now_ms, "published_ms": now_ms, "due_ms": now_ms}
        assert (proposed(sale, now_ms, **at) is not None) == runs


def test_only_its_patterns_count() -> None:
    assert proposed(campaign(patterns=["qr_claim"])) is None
    assert proposed(campaign(patterns=["qr_claim", "hesitation"])) is not None


@pytest.mark.parametrize(("deadline_ms", "longest_ms"), [(None, LONGEST_PAST_MS), (1_000, 1_000)])
def test_cause_as_old_as_the_deadline_counts_and_an_older_one_does_not(
    deadline_ms: int | None, longest_ms: int
) -> None:
    sale = campaign(deadline_ms=deadline_ms)

    def decided(now_ms: int, **changed: Any) -> list[str]:
        found = proposed(sale, now_ms, **changed)
        assert found is not None
        return [one.outcome for one in govern([found], State({"sale": sale}, 5), now_ms)]

    assert decided(NOW_MS, occurred_ms=NOW_MS - longest_ms) == ["issued"]
    assert decided(NOW_MS, occurred_ms=NOW_MS - longest_ms - 1) == ["past_deadline"]
    # The wait of the pattern itself makes no cause old; a wait for its decision does.
    assert decided(NOW_MS, occurred_ms=NOW_MS - DAY_MS, published_ms=NOW_MS - DAY_MS) == ["issued"]
    assert decided(NOW_MS + longest_ms) == ["issued"]
    assert decided(NOW_MS + longest_ms + 1) == ["past_deadline"]


@pytest.mark.parametrize(
    ("audience", "invited", "not_invited"),
    [
        ({"tiers": ["gold", "vip"]}, {"membership_tier": "vip"}, {"membership_tier": "none"}),
        ({"categories": ["tea"]}, {"category": "tea"}, {"category": "shoes"}),
        ({"categories": ["tea"]}, {"category": "tea"}, {"category": None}),
        ({"stores": ["s1"]}, {"store_id": "s1"}, {"store_id": None}),
        ({"least_basket_minor": 500}, {"basket_minor": 500}, {"basket_minor": 499}),
        ({"nth": 3}, {"nth": 3}, {"nth": 2}),
        ({"nth": 3}, {"nth": 3}, {"nth": None}),
    ],
)
def test_audience_lets_in_whom_it_names(
    audience: dict[str, Any], invited: dict[str, Any], not_invited: dict[str, Any]
) -> None:
    assert proposed(campaign(audience=audience), **invited) is not None
    assert proposed(campaign(audience=audience), **not_invited) is None
    assert proposed(campaign(), **not_invited) is not None


def test_offer_is_the_last_that_names_the_tier_else_the_first_that_names_none() -> None:
    sale = campaign(
        offers=[
            {"name": "first", "minor": 1},
            {"name": "second", "minor": 2},
            {"name": "better", "minor": 3, "tiers": ["gold", "vip"]},
            {"name": "best", "minor": 4, "tiers": ["vip"]},
        ]
    )
    names = {tier: offer.name for tier in ("none", "silver", "gold", "vip") if (offer := chosen(sale, tier))}
    assert names == {"none": "first", "silver": "first", "gold": "better", "vip": "best"}


def test_shopper_for_whom_there_is_no_offer_is_not_asked() -> None:
    offer = {"name": "best", "minor": 4, "tiers": ["vip"]}
    assert proposed(campaign(offers=[offer])) is None
    # Without a chance there is no draw that could end the candidate.
    assert proposed(campaign(offers=[offer | {"odds": 0.5}])) is None


@pytest.mark.parametrize(
    ("offer", "about", "cost"),
    [
        ({"minor": 300}, {"price_minor": 100}, 300),
        ({"percent": 10, "most_minor": 5_000}, {"price_minor": 1_999}, 199),
        ({"percent": 10, "most_minor": 5_000}, {"price_minor": 50_009}, 5_000),
        ({"percent": 10, "most_minor": 5_000}, {"price_minor": 50_010}, 5_000),
        ({"percent": 10, "most_minor": 5_000}, {"price_minor": 49_999}, 4_999),
        ({"percent": 10, "most_minor": 5_000}, {"price_minor": None}, 5_000),
        ({"percent": 10, "most_minor": 5_000}, {"price_minor": 0}, 5_000),
        ({"percent": 10, "most_minor": 5_000}, {"price_minor": 1_000, "basket_minor": 9_000}, 100),
        (
            {"percent": 10, "most_minor": 5_000},
            {"rule": "abandoned_cart", "price_minor": 1_000, "basket_minor": 9_000},
            900,
        ),
        ({"percent": 10, "most_minor": 5_000}, {"rule": "abandoned_cart", "price_minor": 1_000}, 5_000),
        ({"kind": "points", "points": 100, "cost_minor": 7}, {"price_minor": 1_000}, 7),
        ({"kind": "prize"}, {"price_minor": 1_000}, 0),
    ],
)
def test_cost_is_the_most_it_can_cost(offer: dict[str, Any], about: dict[str, Any], cost: int) -> None:
    assert cost_minor(Offer(name="x", **offer), candidate(**about)) == cost


def test_draw_is_the_same_number_in_every_language() -> None:
    # The first eight bytes of: printf '2027\x1fsale\x1fanna' | sha256sum
    assert uniform("2027", "sale", "anna") == (0x3D8AD053FA3305B3 >> 11) * 2.0**-53
    # And of emil, whose 53rd bit is set.
    assert uniform("2027", "sale", "emil") == (0xE02EA9E5A3538A00 >> 11) * 2.0**-53
    assert uniform("2027", "sale", "anna", "event-1") != uniform("2027", "sale", "anna")


ENVELOPE = [
    {"name": "best", "minor": 9, "odds": 0.1, "tiers": ["vip"]},
    {"name": "small", "minor": 1, "odds": 0.5, "stock": 1},
]


def test_odds_give_what_they_say_and_the_rest_is_nothing() -> None:
    sale = campaign(offers=ENVELOPE)
    found: Counter[str | None] = Counter()
    for number in range(10_000):
        offer = drawn(sale, candidate(membership_tier="vip", cause_event_id=f"event-{number}"))
        found[offer.name if offer else None] += 1
    # Four standard deviations of 10,000 draws are 200; the draws are always the same ones.
    assert found["best"] == pytest.approx(1_000, abs=120)
    assert found["small"] == pytest.approx(5_000, abs=200)
    assert found[None] == pytest.approx(4_000, abs=200)


def test_odds_of_an_offer_for_others_are_not_passed_on() -> None:
    sale = campaign(offers=ENVELOPE)
    for number in range(100):
        u = uniform("", "sale", "anna", f"event-{number}")
        offer = drawn(sale, candidate(cause_event_id=f"event-{number}"))
        assert (offer is not None) == (u < 0.5)


def test_draw_without_luck_is_a_proposal_without_an_offer() -> None:
    sale = campaign(offers=[{"name": "rare", "minor": 1, "odds": 1e-12}])
    found = proposed(sale)
    assert found is not None
    assert (found.offer, found.cost_minor) == (None, 0)


def test_holdout_holds_its_share_of_shoppers_and_always_the_same() -> None:
    sale = campaign(holdout={"share": 0.2, "salt": "2027"})
    held = {number for number in range(10_000) if held_out(sale, f"shopper-{number}")}
    assert len(held) == pytest.approx(2_000, abs=160)
    assert not any(held_out(campaign(), f"shopper-{number}") for number in range(100))
    edge = uniform("2027", "sale", "anna")
    assert not held_out(campaign(holdout={"share": edge, "salt": "2027"}), "anna")
    assert held_out(campaign(holdout={"share": edge + 1e-15, "salt": "2027"}), "anna")


def test_rule_of_the_shops_own_lets_in_and_ranks() -> None:
    asked = candidate(nth=1, price_minor=30_000, favourite_category="tea")
    sale = campaign(rule="dear")
    told = []

    def ask(rule: str, about: JobCandidate, now_ms: int) -> float | None:
        told.append((rule, about.nth, about.price_minor, about.favourite_category, now_ms))
        return 1.5 if about.price_minor == 30_000 else None

    found = propose(sale, asked, NOW_MS, LONGEST_PAST_MS, ask)
    assert found is not None
    assert (found.score, told) == (1.5, [("dear", 1, 30_000, "tea", NOW_MS)])
    assert propose(sale, candidate(), NOW_MS, LONGEST_PAST_MS, ask) is None
    assert propose(sale, asked, NOW_MS, LONGEST_PAST_MS) is None, "nobody knows the rule"
    everybody = propose(campaign(), asked, NOW_MS, LONGEST_PAST_MS, ask)
    assert everybody is not None
    assert (everybody.score, len(told)) == (0.0, 2)


@pytest.mark.parametrize("rule", OFF_THE_BASKET)
def test_percentage_of_a_basket_pattern_is_of_the_basket(rule: str) -> None:
    ten = Offer(name="ten", percent=10, most_minor=5_000)
    assert cost_minor(ten, candidate(rule=rule, basket_minor=700, price_minor=100)) == 70
    assert cost_minor(ten, candidate(rule="price_drop", basket_minor=700, price_minor=100)) == 10
