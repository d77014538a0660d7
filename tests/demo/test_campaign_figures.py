"""The verdict on the sale of campaigns: every figure can break it, alone, and is named; the truth is by hand."""

from dataclasses import replace
from typing import Any

import pytest

from demo.campaign_figures import (
    CampaignSale,
    Change,
    Check,
    OfCampaign,
    Uplift,
    WrongRecord,
    first_receipts,
    overspend,
    p99_ms,
    truth,
)
from tests.campaigns import files

TEA = OfCampaign(
    name="tea",
    triggered=30,
    capped=1,
    cooled_down=1,
    held_out=9,
    out_of_budget=1,
    issued=10,
    redeemed=3,
    overspend=0,
    p99_ms=100,
    uplift=Uplift(0.3, 0.2, 0.4, 0.31),
)
# At the boundary wherever a figure has one.
HELD = CampaignSale(
    published=100,
    landed=98,
    lost=0,
    campaigns=[TEA],
    vip={"p99_ms": 90.0, "normal_p99_ms": 100.0},
    governance_us={"p50": 50.0, "p99": 200.0},
    coupons=10,
    duplicate_coupons=0,
    coupon_latency_ms={"p50": 50, "p99": 1_000, "max": 5_000},
    changes=[Change("tea", 2, before=1, after=1, taken_up_s=2.0, old_s=2.0)],
    wrong_file=["tea.toml: no such key"],
    wrong_record=WrongRecord("tea", 3, "the last good version goes on", 1, decisions_after=1, by_it=0),
    checks={"tea": Check(received=10, responses=3, sure=(0.31, 0.5))},
    exhausted={"budget": "tea"},
    seconds=170,
)


def test_good_figures_hold() -> None:
    summary = HELD.summary()
    assert (summary["held"], summary["failures"]) == (True, [])
    assert summary["campaigns"][0]["uplift"] == {"estimate": 0.3, "low": 0.2, "high": 0.4, "truth": 0.31}


def of_campaign(**changed: Any) -> dict[str, Any]:
    return {"campaigns": [replace(TEA, **changed)]}


def check(**changed: Any) -> dict[str, Any]:
    return {"checks": {"tea": replace(HELD.checks["tea"], **changed)}}


def change(**changed: Any) -> dict[str, Any]:
    return {"changes": [replace(HELD.changes[0], **changed)]}


def record(**changed: Any) -> dict[str, Any]:
    assert HELD.wrong_record is not None
    return {"wrong_record": replace(HELD.wrong_record, **changed)}


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        ({"lost": 1}, "1 of 100 published messages are nowhere"),
        ({"duplicate_coupons": 1}, "1 coupons were received more than once"),
        ({"coupon_latency_ms": {"p50": 50, "p99": 1_001}}, "coupon p99 is 1001 ms; 1000 ms is the most"),
        ({"governance_us": {"p50": None, "p99": None}}, "the job does not say what governance costs"),
        ({"wrong_file": []}, "a wrong campaign file was applied"),
        ({"changes": []}, "no version was applied in the middle of the sale"),
        (of_campaign(overspend=1), "tea: overspent by 1"),
        (of_campaign(out_of_budget=0), "tea: its budget did not run out"),
        (of_campaign(redeemed=2), "tea: 3 orders used a coupon, 2 landed"),
        (check(received=9), "tea: 10 coupons were decided, 9 received"),
        (check(sure=(0.32, 0.5)), "tea: the truth 0.31 is outside of (0.32, 0.5), an interval of 99.9 %"),
        (check(sure=(None, None)), "tea: the truth 0.31 is outside of (None, None), an interval of 99.9 %"),
        (check(findings=("tea: the split is broken",)), "tea: the split is broken"),
        (change(before=0), "tea version 2: nothing was decided by the version before"),
        (change(taken_up_s=2.1), "tea version 2: taken up after 2.1 s; 2 s is the most"),
        (change(taken_up_s=None), "tea version 2: taken up after None s; 2 s is the most"),
        (change(old_s=2.1), "tea version 2: the version before still decided 2.1 s later"),
        ({"wrong_record": None}, "no wrong record was put on the topic"),
        (record(said=None), "tea: the job did not say that it refused version 3"),
        (record(refused_by_subtasks=0), "tea: the job did not say that it refused version 3"),
        (record(by_it=1), "tea: 1 decisions were made by a version that is none"),
        (record(decisions_after=0), "tea: the last good version did not go on"),
    ],
)
def test_figure_that_does_not_hold_is_named(broken: dict[str, Any], sentence: str) -> None:
    assert replace(HELD, **broken).failures == [sentence]


def test_campaign_that_issues_nothing_is_named() -> None:
    broken = replace(HELD, **of_campaign(issued=0), **check(received=0))
    assert broken.failures == ["tea: no coupon was issued"]


def receipt(coupon_id: str, **changed: Any) -> dict[str, Any]:
    plain = {"campaign_id": "tea", "shopper_id": "s1", "offer": "box", "cost_minor": 100, "decided_ms": 50}
    return {"coupon_id": coupon_id, "due_ms": 0, "received_ms": 30, "occurred_ms": 40, **plain, **changed}


def test_coupon_counts_as_it_first_came() -> None:
    assert first_receipts([receipt("a"), receipt("b"), receipt("a", received_ms=99)]) == [receipt("a"), receipt("b")]


@pytest.mark.parametrize(
    ("limits", "over"),
    [
        ({"budget": {"money_minor": 200}}, 0),
        ({"budget": {"money_minor": 199}}, 1),
        ({"budget": {"pieces": 2}}, 0),
        ({"budget": {"pieces": 1}}, 1),
        ({"offers": ({"name": "box", "minor": 100, "stock": 2},)}, 0),
        ({"offers": ({"name": "box", "minor": 100, "stock": 1},)}, 1),
        ({"budget": {"pieces": 1, "money_minor": 150}}, 50),
        ({}, 0),
    ],
)
def test_overspend_is_what_exceeds_money_pieces_or_stock(limits: dict[str, Any], over: int) -> None:
    received = [receipt("a"), receipt("b"), receipt("c", campaign_id="other")]
    assert overspend(files.campaign("tea", **limits), received) == over


def test_p99_is_the_wait_of_the_99th_of_a_hundred() -> None:
    assert p99_ms(receipt(str(wait), received_ms=wait) for wait in range(1, 101)) == 99
    assert p99_ms([receipt("a", received_ms=7)]) == 7
    assert p99_ms([]) is None


def test_truth_is_who_ordered_only_because_of_the_coupon() -> None:
    received = [
        receipt("a", shopper_id="convinced"),
        receipt("b", shopper_id="bought before, then convinced"),
        receipt("c", shopper_id="would have bought"),
        receipt("d", shopper_id="not convinced"),
        receipt("e", shopper_id="other campaign's", campaign_id="other"),
    ]
    convinced = {("tea", one["shopper_id"]) for one in received[:3]} | {("other", "other campaign's")}
    ordered_ms = {"bought before, then convinced": 40, "would have bought": 41, "not convinced": 90}
    assert truth("tea", received, convinced, ordered_ms) == 2 / 4
    assert truth("nobody's", received, convinced, ordered_ms) is None


def test_truth_counts_from_the_cause_of_the_first_coupon() -> None:
    received = [receipt("b", decided_ms=60, occurred_ms=20), receipt("a", decided_ms=50, occurred_ms=40)]
    assert truth("tea", received, {("tea", "s1")}, {"s1": 30}) == 1
    assert truth("tea", received, {("tea", "s1")}, {"s1": 41}) == 0
