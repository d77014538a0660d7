"""The load is steady, ends when told, and claimants and a publisher whose clock is wrong have shoppers of their own."""

import time
from itertools import islice
from uuid import uuid4

import pytest

import schemas
from drills.claimants import claims
from drills.shop import AT_ONCE, WITHOUT_SCANS, steps
from drills.skewed_shop import of_its_own, turn_clock
from ingest.shop import Shop
from schemas.rules import violation


def test_the_load_is_many_visits_at_once() -> None:
    first = list(islice(steps(1e9, lambda: False), AT_ONCE))
    assert len({step["session_id"] for step in first}) == AT_ONCE


def test_the_load_ends_when_told() -> None:
    answers = iter([False, False, True])
    assert len(list(steps(1e9, lambda: next(answers)))) == 2


def test_the_load_keeps_its_rate() -> None:
    started_s = time.monotonic()
    list(islice(steps(100.0, lambda: False), 21))
    assert time.monotonic() - started_s >= 0.2


def test_a_wrong_clock_is_wrong_by_so_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 5_000_000_000)
    turn_clock(-3)
    assert time.time_ns() == 2_000_000_000


def test_another_publisher_has_other_shoppers() -> None:
    step = {"user_id": None, "anonymous_id": "device-1", "event_type": "qr_scanned"}
    assert of_its_own(step, "behind") == {**step, "anonymous_id": "behind-device-1"}


def test_a_shop_with_claimants_of_its_own_has_no_scans() -> None:
    def scans(*shop: Shop) -> bool:
        return any(step["event_type"] == "qr_scanned" for step in islice(steps(1e9, lambda: False, *shop), 500))

    assert scans()
    assert not scans(WITHOUT_SCANS)


def test_claims_are_valid_half_of_them_scans_and_some_a_shoppers_second() -> None:
    contract, now_ms = schemas.load("click_event"), time.time_ns() // 1_000_000
    made = list(islice(claims(1, 1e9, lambda: False), 2_000))
    for number, claim in enumerate(made):
        event = {**claim, "event_id": str(uuid4()), "occurred_at": now_ms, "sent_at": now_ms}
        assert violation(contract, event, now_ms) is None
        assert ("store_id" in claim) == (claim["event_type"] == "qr_scanned") == (number % 2 == 0)
    shoppers = {claim["user_id"] for claim in made}
    assert 0.8 < len(shoppers) / len(made) < 1


def test_a_claimant_is_of_one_tier_and_some_are_vips() -> None:
    tiers = {(claim["user_id"], claim["membership_tier"]) for claim in islice(claims(1, 1e9, lambda: False), 2_000)}
    assert len(tiers) == len({user_id for user_id, _ in tiers})
    assert 0.25 < len([tier for _, tier in tiers if tier == "vip"]) / len(tiers) < 0.35
