"""A day is decided again in the order of its moments, and its sums are the outcomes'."""

from campaigns.replay import effects, on_day, replay
from tests.campaigns.files import DAY_MS, START_MS, campaign
from tests.campaigns.test_judge import LONGEST_PAST_MS, NOW_MS, candidate


def at(ms: int, **changed: str) -> dict[str, int | str]:
    return {**dict.fromkeys(("occurred_ms", "published_ms", "due_ms"), NOW_MS + ms), **changed}


def test_earlier_candidate_gets_the_last_piece_in_whatever_order_they_come() -> None:
    sale = campaign(budget={"pieces": 1})
    late, early = candidate(**at(2, shopper_id="late")), candidate(**at(1, shopper_id="early"))
    (first,), (second,) = replay([late, early], [sale], 5, LONGEST_PAST_MS)
    assert (first.proposal.candidate.shopper_id, first.outcome, first.at_ms) == ("early", "issued", NOW_MS + 1)
    assert (second.proposal.candidate.shopper_id, second.outcome) == ("late", "out_of_budget")


def test_sums_tell_whom_by_tier_and_at_what_cost() -> None:
    sale, other = campaign(caps={"per_shopper": 2}), campaign("other", patterns=["qr_claim"])
    asked = [
        candidate(**at(1, shopper_id="anna", membership_tier="vip")),
        candidate(**at(2, shopper_id="anna", membership_tier="vip")),
        candidate(**at(3, shopper_id="anna", membership_tier="vip")),
        candidate(**at(4, shopper_id="ben")),
    ]
    found, nothing = effects(replay(asked, [sale, other], 5, LONGEST_PAST_MS), [sale, other])
    assert (found.campaign, found.currency, found.cost_minor, found.offers) == ("sale", "CNY", 900, {"three_off": 3})
    assert {outcome: count for outcome, count in found.outcomes.items() if count} == {"issued": 3, "capped": 1}
    assert {name: (tier.coupons, tier.shoppers, tier.cost_minor) for name, tier in found.tiers.items()} == {
        "vip": (2, 1, 600),
        "none": (1, 1, 300),
    }
    assert (nothing.campaign, nothing.cost_minor, sum(nothing.outcomes.values())) == ("other", 0, 0)


def test_campaign_of_another_time_is_moved_to_the_day() -> None:
    moved = on_day(campaign(), START_MS + 100 * DAY_MS)
    assert (moved.starts_ms, moved.ends_ms) == (START_MS + 100 * DAY_MS, START_MS + 101 * DAY_MS)
    assert moved.model_copy(update={"starts_ms": START_MS, "ends_ms": campaign().ends_ms}) == campaign()
