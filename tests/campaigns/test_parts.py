"""VIPs and all others each count for themselves, and together never beyond a campaign's limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.definition import Campaign
from campaigns.replay import replay
from jobs.campaign_rules import OTHERS, VIP, WHOLE
from tests.campaigns.files import campaign
from tests.campaigns.governance_cases import json_of
from tests.campaigns.test_judge import LONGEST_PAST_MS, NOW_MS, candidate

LIMIT = st.none() | st.integers(1, 10**15)
TIERS = st.none() | st.sets(st.sampled_from(("none", "silver", "gold", "vip")), min_size=1).map(sorted)
LIMITS = ("money_minor", "pieces", "per_day", "stock")


def limits(of: Campaign) -> dict[str, int | None]:
    return dict(
        zip(LIMITS, (of.budget.money_minor, of.budget.pieces, of.caps.per_day, of.offers[0].stock), strict=True)
    )


@given(LIMIT, LIMIT, LIMIT, LIMIT, TIERS, TIERS, st.floats(0, 1))
def test_the_parts_are_the_whole_and_the_job_divides_as_the_plan_does(
    money: int | None,
    pieces: int | None,
    per_day: int | None,
    stock: int | None,
    audience: list[str] | None,
    tiers: list[str] | None,
    share: float,
) -> None:
    sale = campaign(
        budget={"money_minor": money, "pieces": pieces, "vip_share": share},
        caps={"per_day": per_day},
        audience={"tiers": audience},
        offers=[{"name": "one", "minor": 100, "stock": stock, "tiers": tiers}],
    )
    whole, vip, others = limits(sale), limits(sale.of_part(True)), limits(sale.of_part(False))
    for name, most in whole.items():
        parts = (vip[name], others[name])
        assert parts == (None, None) if most is None else sum(one or 0 for one in parts) == most
    shopper = candidate(membership_tier=(tiers or ["vip"])[0])
    for part, wanted in ((WHOLE, whole), (VIP, vip), (OTHERS, others)):
        proposal = json_of(shopper, sale, part)
        assert {name: proposal[name] for name in LIMITS} == wanted


@pytest.mark.parametrize(
    ("audience", "vip", "others"), [(None, 2, 18), (["vip"], 20, 0), (["gold"], 0, 20), (["gold", "vip"], 2, 18)]
)
def test_a_limit_for_vips_alone_or_for_others_alone_is_not_divided(
    audience: list[str] | None, vip: int, others: int
) -> None:
    sale = campaign(budget={"pieces": 20}, audience={"tiers": audience})
    assert (sale.of_part(True).budget.pieces, sale.of_part(False).budget.pieces) == (vip, others)


def test_what_vips_leave_nobody_else_gets() -> None:
    sale = campaign(budget={"pieces": 10, "vip_share": 0.3})
    asked = [
        candidate(
            shopper_id=f"{tier}-{n}",
            membership_tier=tier,
            **dict.fromkeys(("occurred_ms", "published_ms", "due_ms"), NOW_MS + n),
        )
        for tier, count in (("vip", 2), ("gold", 9))
        for n in range(count)
    ]
    decided = [one for outcomes in replay(asked, [sale], 5, LONGEST_PAST_MS, apart=True) for one in outcomes]
    issued = [one.proposal.candidate.membership_tier for one in decided if one.outcome == "issued"]
    assert (issued.count("vip"), issued.count("gold")) == (2, 7)
