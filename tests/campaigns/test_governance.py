"""What governance decides, at each boundary, and what it can never do."""

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from campaigns.definition import Campaign
from campaigns.governance import ENDING, State, day, govern
from campaigns.judge import Candidate, Proposal, propose
from campaigns.replay import replay
from tests.campaigns.files import DAY_MS, HOUR_MS, START_MS, campaign
from tests.campaigns.test_judge import LONGEST_PAST_MS, candidate

NOW_MS = START_MS + 5 * DAY_MS
NOBODY = {"share": 0.999999, "salt": "s"}


class Stream:
    """Candidates decided one after the other."""

    def __init__(self, *campaigns: Campaign, most_per_day: int = 1000) -> None:
        self.campaigns = campaigns
        self.state = State({one.name: one for one in campaigns}, most_per_day)

    def decide(self, now_ms: int = NOW_MS, **changed: Any) -> dict[str, str]:
        """Each campaign's outcome for a candidate of that moment, by name."""
        when = {"occurred_ms": now_ms, "published_ms": now_ms, "due_ms": now_ms}
        asked = candidate(**when | changed)
        proposals = [propose(one, asked, now_ms, LONGEST_PAST_MS) for one in self.campaigns]
        outcomes = govern([one for one in proposals if one is not None], self.state, now_ms)
        self.state.take(outcomes)
        return {one.proposal.campaign.name: one.outcome for one in outcomes}


def outcomes(stream: Stream, *moments_ms: int, **changed: Any) -> list[str]:
    """The only campaign's outcomes at these moments."""
    return [outcome for now_ms in moments_ms for outcome in stream.decide(now_ms, **changed).values()]


def test_priority_then_score_then_name_ranks_and_the_rest_is_outranked() -> None:
    stream = Stream(campaign("b"), campaign("a"), campaign("z", priority=1))
    assert stream.decide() == {"z": "issued", "a": "outranked", "b": "outranked"}
    assert list(stream.decide()) == ["z", "a", "b"]


def test_score_ranks_campaigns_of_one_priority() -> None:
    offer = campaign().offers[0]
    proposals = [Proposal(campaign(name), candidate(), offer, 300, score) for name, score in (("a", 0.1), ("b", 0.2))]
    found = govern(proposals, State({}, 5), NOW_MS)
    assert [(one.proposal.campaign.name, one.outcome) for one in found] == [("b", "issued"), ("a", "outranked")]


def test_governing_changes_nothing_until_it_is_taken() -> None:
    state = State({"sale": campaign(budget={"pieces": 1})}, 5)
    proposal = Proposal(state.campaigns["sale"], candidate(), campaign().offers[0], 300)
    first = govern([proposal], state, NOW_MS)
    assert govern([proposal], state, NOW_MS) == first
    state.take(first)
    assert [one.outcome for one in govern([proposal], state, NOW_MS)] == ["out_of_budget"]


def test_shopper_gets_so_many_in_the_campaigns_life() -> None:
    stream = Stream(campaign(caps={"per_shopper": 2}))
    assert outcomes(stream, NOW_MS, NOW_MS + 2 * DAY_MS, NOW_MS + 4 * DAY_MS) == ["issued", "issued", "capped"]
    assert outcomes(stream, NOW_MS + 4 * DAY_MS, shopper_id="ben") == ["issued"]


def test_shopper_gets_so_many_in_any_24_hours() -> None:
    stream = Stream(campaign(caps={"per_shopper_per_day": 1}))
    assert outcomes(stream, NOW_MS, NOW_MS + DAY_MS - 1, NOW_MS + DAY_MS) == ["issued", "capped", "issued"]


def test_shopper_gets_so_many_in_24_hours_of_all_campaigns() -> None:
    stream = Stream(campaign("a", patterns=["hesitation"]), campaign("b", patterns=["qr_claim"]), most_per_day=2)
    assert stream.decide() == {"a": "issued"}
    assert stream.decide(rule="qr_claim") == {"b": "issued"}
    assert stream.decide(NOW_MS + DAY_MS - 1, rule="qr_claim") == {"b": "capped"}
    assert stream.decide(NOW_MS + DAY_MS, rule="qr_claim") == {"b": "issued"}


def test_campaign_gives_so_many_a_day_of_its_time_zone() -> None:
    sale = campaign(caps={"per_day": 1})
    # Midnight in Shanghai is 16:00 UTC.
    midnight_ms = NOW_MS - (NOW_MS + 8 * HOUR_MS) % DAY_MS + DAY_MS
    assert day(sale, midnight_ms - 1) != day(sale, midnight_ms)
    stream = Stream(sale)
    found = [
        outcomes(stream, now_ms, shopper_id=f"{now_ms}")[0]
        for now_ms in (midnight_ms - 2, midnight_ms - 1, midnight_ms, midnight_ms + 1)
    ]
    assert found == ["issued", "capped", "issued", "capped"]


def test_cooldown_is_over_when_it_has_passed_whole_and_is_by_pattern() -> None:
    stream = Stream(campaign(caps={"cooldown_ms": HOUR_MS}, patterns=["hesitation", "abandoned_cart"]))
    assert outcomes(stream, NOW_MS, NOW_MS + HOUR_MS - 1) == ["issued", "cooled_down"]
    assert outcomes(stream, NOW_MS + HOUR_MS - 1, rule="abandoned_cart") == ["issued"]
    assert outcomes(stream, NOW_MS + HOUR_MS) == ["issued"]


def test_cooldown_is_by_campaign_and_by_shopper() -> None:
    stream = Stream(campaign("a", caps={"cooldown_ms": HOUR_MS}, priority=1), campaign("b"))
    assert stream.decide() == {"a": "issued", "b": "outranked"}
    assert stream.decide() == {"a": "cooled_down", "b": "issued"}
    assert stream.decide(shopper_id="ben") == {"a": "issued", "b": "outranked"}


def test_scan_never_cools_down_and_is_capped() -> None:
    stream = Stream(campaign(patterns=["qr_claim"], caps={"cooldown_ms": HOUR_MS, "per_shopper": 2}))
    assert outcomes(stream, NOW_MS, NOW_MS, NOW_MS, rule="qr_claim") == ["issued", "issued", "capped"]


def test_shopper_of_a_group_stays_with_one_campaign_until_it_ends() -> None:
    first = campaign("first", exclusive_group="g", priority=2, caps={"per_shopper": 1}, ends_ms=NOW_MS + HOUR_MS)
    second = campaign("second", exclusive_group="g", priority=1)
    other = campaign("third", exclusive_group="h")
    stream = Stream(first, second, other)
    assert stream.decide()["first"] == "issued"
    assert stream.decide() == {"first": "capped", "second": "excluded", "third": "issued"}
    assert stream.decide(shopper_id="ben")["first"] == "issued"
    assert stream.decide(NOW_MS + HOUR_MS - 1)["second"] == "excluded"
    assert stream.decide(NOW_MS + HOUR_MS)["second"] == "issued"


def test_money_is_spent_to_the_last_unit_and_not_beyond() -> None:
    stream = Stream(campaign(budget={"money_minor": 600}), campaign("tiny", budget={"money_minor": 299}))
    found = [stream.decide(shopper_id=name) for name in ("anna", "ben", "cora")]
    assert [one["sale"] for one in found] == ["issued", "issued", "out_of_budget"]
    assert found[2]["tiny"] == "out_of_budget"
    assert stream.state.spent_minor["sale"] == 600


def test_pieces_and_stock_are_given_to_the_last_and_not_beyond() -> None:
    stream = Stream(campaign(budget={"pieces": 2}))
    assert outcomes(stream, NOW_MS, NOW_MS, NOW_MS) == ["issued", "issued", "out_of_budget"]
    stream = Stream(campaign(offers=[{"name": "box", "kind": "prize", "stock": 1}]))
    assert outcomes(stream, NOW_MS, NOW_MS) == ["issued", "out_of_budget"]


def test_what_is_out_of_stock_leaves_the_candidate_to_the_next_campaign() -> None:
    drawn = campaign("draw", priority=1, offers=[{"name": "box", "kind": "prize", "odds": 1, "stock": 1}])
    stream = Stream(drawn, campaign("plain"))
    assert stream.decide() == {"draw": "issued", "plain": "outranked"}
    assert stream.decide() == {"draw": "out_of_budget", "plain": "issued"}


def test_draw_without_luck_ends_the_candidate_and_counts_for_the_caps_but_cools_nothing_down() -> None:
    rare = [{"name": "rare", "minor": 1, "odds": 1e-12}]
    caps = {"per_shopper": 2, "cooldown_ms": HOUR_MS}
    stream = Stream(campaign("draw", priority=1, offers=rare, caps=caps), campaign("plain"))
    assert stream.decide() == {"draw": "no_luck", "plain": "outranked"}
    assert stream.decide() == {"draw": "no_luck", "plain": "outranked"}
    assert stream.decide() == {"draw": "capped", "plain": "issued"}


def test_draw_without_luck_asks_no_budget() -> None:
    rare = [{"name": "rare", "minor": 1, "odds": 1e-12}]
    stream = Stream(campaign(offers=rare, budget={"pieces": 1}))
    stream.state.pieces["sale"] = 1
    assert outcomes(stream, NOW_MS) == ["no_luck"]


def test_held_out_costs_nothing_ends_the_candidate_and_counts_as_a_coupon() -> None:
    caps = {"per_shopper": 2, "cooldown_ms": HOUR_MS}
    stream = Stream(campaign("held", priority=1, holdout=NOBODY, caps=caps, budget={"pieces": 1}), campaign("plain"))
    assert stream.decide() == {"held": "held_out", "plain": "outranked"}
    assert stream.decide(NOW_MS + 1) == {"held": "cooled_down", "plain": "issued"}
    assert stream.decide(NOW_MS + HOUR_MS) == {"held": "held_out", "plain": "outranked"}
    assert stream.decide(NOW_MS + 2 * HOUR_MS) == {"held": "capped", "plain": "issued"}
    assert (stream.state.spent_minor["held"], stream.state.pieces["held"]) == (0, 0)


def test_what_could_not_be_paid_is_no_ghost() -> None:
    stream = Stream(campaign(holdout=NOBODY, budget={"money_minor": 299}))
    assert outcomes(stream, NOW_MS) == ["out_of_budget"]


def test_ghost_excludes_the_rest_of_its_group() -> None:
    held = campaign("held", exclusive_group="g", priority=1, holdout=NOBODY, caps={"per_shopper": 1})
    stream = Stream(held, campaign("other", exclusive_group="g"))
    assert stream.decide()["held"] == "held_out"
    assert stream.decide() == {"held": "capped", "other": "excluded"}


def test_cap_is_told_before_cooldown_before_exclusion_before_budget_before_holdout() -> None:
    every: dict[str, Any] = {
        "caps": {"per_shopper": 1, "cooldown_ms": HOUR_MS},
        "exclusive_group": "g",
        "budget": {"pieces": 1},
        "holdout": NOBODY,
    }
    told = []
    for without in ("", "per_shopper", "caps", "exclusive_group", "budget"):
        if without == "per_shopper":
            every["caps"] = {"cooldown_ms": HOUR_MS}
        else:
            every.pop(without, None)
        sale, other = campaign(**every), campaign("other", exclusive_group="g", patterns=["qr_claim"])
        stream = Stream(sale, other)
        stream.decide(rule="qr_claim")
        stream.decide()
        before = Stream(campaign(patterns=sale.patterns))
        before.decide()
        stream.state.served["anna"] += before.state.served["anna"]
        stream.state.pieces["sale"] = 1
        told.append(stream.decide()["sale"])
    assert told == ["capped", "cooled_down", "excluded", "out_of_budget", "held_out"]


small = some.integers(1, 4)
maybe = some.none() | small
offers = some.lists(
    some.fixed_dictionaries(
        {"minor": some.integers(1, 300), "stock": maybe, "tiers": some.none() | some.just(("vip", "gold"))}
    ),
    min_size=1,
    max_size=3,
)


@some.composite
def campaigns(draw: some.DrawFn) -> list[Campaign]:
    found = []
    for number in range(draw(small)):
        drawn = draw(some.booleans())
        wares = [
            {**one, "name": f"offer_{place}", **({"odds": 0.3} if drawn else {})}
            for place, one in enumerate(draw(offers))
        ]
        found.append(
            campaign(
                f"campaign-{number}",
                patterns=draw(some.sampled_from([["hesitation"], ["qr_claim"], ["hesitation", "qr_claim"]])),
                priority=draw(some.integers(0, 2)),
                exclusive_group=draw(some.none() | some.just("g")),
                offers=wares,
                caps={
                    "per_shopper": draw(maybe),
                    "per_shopper_per_day": draw(maybe),
                    "per_day": draw(maybe),
                    "cooldown_ms": draw(some.sampled_from([0, HOUR_MS])),
                },
                budget={"money_minor": draw(some.none() | some.integers(1, 900)), "pieces": draw(maybe)},
                holdout={"share": draw(some.sampled_from([0.0, 0.5])), "salt": "s"},
            )
        )
    return found


@some.composite
def candidates(draw: some.DrawFn) -> list[Candidate]:
    hours = draw(some.lists(some.integers(0, 60), max_size=40))
    return [
        candidate(
            rule=draw(some.sampled_from(["hesitation", "qr_claim"])),
            shopper_id=draw(some.sampled_from(["anna", "ben"])),
            membership_tier=draw(some.sampled_from(["none", "vip"])),
            cause_event_id=f"event-{number}",
            **dict.fromkeys(("occurred_ms", "published_ms", "due_ms"), NOW_MS + hour * HOUR_MS),
        )
        for number, hour in enumerate(hours)
    ]


@given(campaigns(), candidates(), small)
def test_nothing_is_ever_over_a_budget_a_cap_a_stock_or_served_to_two_of_a_group(
    running: list[Campaign], asked: list[Candidate], most_per_day: int
) -> None:
    decided = list(replay(asked, running, most_per_day, LONGEST_PAST_MS))
    flat = [one for found in decided for one in found]
    served = [one for one in flat if one.outcome in ENDING]
    issued = [one for one in served if one.outcome == "issued"]
    for found in decided:
        assert sum(one.outcome in ENDING for one in found) <= 1
        assert len({one.proposal.campaign.name for one in found}) == len(found)
    for sale in running:
        ours = [one for one in served if one.proposal.campaign is sale]
        paid = [one for one in issued if one.proposal.campaign is sale]
        assert sum(one.proposal.cost_minor for one in paid) <= (sale.budget.money_minor or 10**9)
        assert len(paid) <= (sale.budget.pieces or 10**9)
        for offer in sale.offers:
            assert sum(one.proposal.offer == offer for one in paid) <= (offer.stock or 10**9)
        days = [day(sale, one.at_ms) for one in ours]
        assert all(days.count(one) <= (sale.caps.per_day or 10**9) for one in days)
        for name in ("anna", "ben"):
            mine = [one for one in ours if one.proposal.candidate.shopper_id == name]
            assert len(mine) <= (sale.caps.per_shopper or 10**9)
            for one in mine:
                window = [other for other in mine if 0 <= one.at_ms - other.at_ms < DAY_MS]
                assert len(window) <= (sale.caps.per_shopper_per_day or 10**9)
            cooling = [one for one in mine if one.proposal.candidate.rule != "qr_claim" and one.outcome != "no_luck"]
            for before, after in pairwise(cooling):
                assert after.at_ms - before.at_ms >= sale.caps.cooldown_ms
    for name in ("anna", "ben"):
        mine = [one for one in served if one.proposal.candidate.shopper_id == name]
        for one in mine:
            assert sum(0 <= one.at_ms - other.at_ms < DAY_MS for other in mine) <= most_per_day
        groups = {
            one.proposal.campaign.name
            for one in issued
            if one.proposal.candidate.shopper_id == name and one.proposal.campaign.exclusive_group
        }
        assert len(groups) <= 1
