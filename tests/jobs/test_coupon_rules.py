"""What a candidate is worth without a campaign file, and under which id."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from jobs.coupon_rules import LARGE_BASKET_MINOR, Candidate, choose_offer, coupon_id, lane, latest_ms

NOW_MS = 1_798_000_000_000
DAY_MS = 86_400_000
LONGEST_PAST_MS = 600_000
CANDIDATE = Candidate(
    rule="hesitation",
    shopper_id="shopper-1",
    campaign_id=None,
    cause_event_id="01900000-0000-7000-8000-000000000001",
    product_id="p1",
    category="tea",
    price_minor=9_900,
    currency="CNY",
    store_id=None,
    membership_tier="none",
    favourite_category="shoes",
    basket_minor=0,
    nth=3,
    occurred_ms=NOW_MS - 40,
    published_ms=NOW_MS - 30,
    due_ms=NOW_MS - 30,
    read_ms=NOW_MS - 10,
)


def test_cause_is_past_one_millisecond_after_the_longest() -> None:
    just = replace(CANDIDATE, occurred_ms=NOW_MS - 600_000, published_ms=NOW_MS, due_ms=NOW_MS)
    assert latest_ms(just, LONGEST_PAST_MS) == NOW_MS
    assert latest_ms(replace(just, occurred_ms=NOW_MS - 600_001), LONGEST_PAST_MS) == NOW_MS - 1


def test_event_published_again_is_past_however_fresh_its_message() -> None:
    again = replace(CANDIDATE, occurred_ms=NOW_MS - DAY_MS, published_ms=NOW_MS, due_ms=NOW_MS)
    assert latest_ms(again, LONGEST_PAST_MS) < NOW_MS


def test_coupon_that_fell_due_in_a_long_outage_is_past() -> None:
    assert latest_ms(CANDIDATE, LONGEST_PAST_MS) == CANDIDATE.due_ms + 599_990


def test_wait_of_a_rule_does_not_count() -> None:
    left = replace(CANDIDATE, rule="abandoned_cart", due_ms=CANDIDATE.published_ms + 1_800_000)
    assert latest_ms(left, LONGEST_PAST_MS) == left.due_ms + 599_990


def test_better_tier_gets_a_larger_discount() -> None:
    percents = [
        choose_offer(replace(CANDIDATE, membership_tier=tier)).percent for tier in ("none", "silver", "gold", "vip")
    ]
    assert percents == [5, 8, 10, 15]


def test_favourite_category_adds_five_points() -> None:
    offer = choose_offer(replace(CANDIDATE, favourite_category="tea"))
    assert (offer.name, offer.percent) == ("favourite_category_percent_off", 10)


def test_large_basket_gets_an_amount_in_whole_units() -> None:
    cart = replace(CANDIDATE, rule="abandoned_cart", basket_minor=LARGE_BASKET_MINOR + 1_234, membership_tier="silver")
    offer = choose_offer(cart)
    assert (offer.percent, offer.minor) == (0, 4_000)
    assert choose_offer(replace(cart, basket_minor=LARGE_BASKET_MINOR - 1)).percent == 8


def test_vip_travels_in_the_vip_lane() -> None:
    assert lane(replace(CANDIDATE, membership_tier="vip")) == "vip"
    assert lane(CANDIDATE) == "normal"


def test_coupon_id_stays_what_it_was() -> None:
    # A changed id would issue every open coupon a second time after an upgrade.
    assert coupon_id("s", "c", "r", "e") == "921878df-6dd5-5c4c-86fa-f027bd6eccfa"


@given(
    st.tuples(*[st.text(st.characters(codec="utf-8", exclude_characters="\x1f"))] * 4),
    st.tuples(*[st.text(st.characters(codec="utf-8", exclude_characters="\x1f"))] * 4),
)
def test_coupon_id_tells_causes_apart(one: tuple[str, str, str, str], other: tuple[str, str, str, str]) -> None:
    assert (coupon_id(*one) == coupon_id(*other)) == (one == other)
