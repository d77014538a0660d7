"""Every claim of a red envelope is accounted for, and each broken promise is counted as what it is."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from campaigns.definition import Campaign
from coupons.database import Database
from drills.claims import Claims
from drills.outcome import outcome
from drills.scene import Scene
from drills.subscriber import INSERT, TABLE
from services import inventory, marketing, membership
from tests.campaigns import files
from tests.warehouse.landing import START, event, land


def campaign(stock: int, **changed: Any) -> Campaign:
    offers = [
        {"name": "suitcase", "kind": "prize", "odds": 0.3, "stock": stock},
        {"name": "points", "kind": "points", "points": 100, "odds": 0.3, "stock": stock},
        {"name": "small", "minor": 188, "odds": 0.3},
    ]
    return files.campaign("rain", patterns=["app_claim", "qr_claim"], offers=offers, **changed)


CAMPAIGN = campaign(1)
# Of each stock a piece for VIPs, and one for all others.
DIVIDED = campaign(2, budget={"vip_share": 0.5})
KINDS = {"suitcase": "prize", "points": "points", "small": "coupon"}


class Rain:
    """Claims that land, are answered and served; each claimant is named by a number, and so is the claim."""

    def __init__(self, folder: Path, campaign: Campaign = CAMPAIGN) -> None:
        self._campaign = campaign
        self.scene = Scene(folder, 1.0, spool=True, inbox=True, state=True, scans=False)
        self._folder = folder / "warehouse"
        with closing(sqlite3.connect(self.scene.effects)) as database:
            database.execute(TABLE)

    def claim(self, number: int, shopper: int | None = None, kind: str = "qr_scanned", **fields: Any) -> None:
        who = f"s{number if shopper is None else shopper}"
        self.scene.note(f"accepted-{number}", [f"event-{number}"])
        row = event(number, event_type=kind, shopper_id=who, **{"store_id": "s1", **fields})
        land(self._folder, "events", [row], f"claim-{number}")

    def decide(self, number: int, result: str, offer: str | None, shopper: int | None = None) -> None:
        who = f"s{number if shopper is None else shopper}"
        row = {
            "decision_id": f"coupon-{number}",
            "campaign_id": "rain",
            "campaign_version": 1,
            "shopper_id": who,
            "rule": "qr_claim",
            "cause_event_id": f"event-{number}",
            "outcome": result,
            "offer": offer,
            "decided_at": START,
        }
        land(self._folder, "decisions", [row], f"decided-{number}-{result}")
        if result == "issued":
            coupon = {key: value for key, value in row.items() if key not in ("outcome", "decision_id")}
            times = {"due_at": START}
            land(self._folder, "coupons", [{"coupon_id": f"coupon-{number}", **coupon, **times}], f"issued-{number}")

    def receive(self, number: int, offer: str, shopper: int | None = None, name: str | None = None) -> None:
        values = {
            "coupon_id": name or f"coupon-{number}",
            "due_ms": 0,
            "received_ms": 1,
            "campaign_id": "rain",
            "shopper_id": f"s{number if shopper is None else shopper}",
            "membership_tier": "none",
            "cause_event_id": f"event-{number}",
            "offer": offer,
            "kind": KINDS[offer],
        }
        with closing(sqlite3.connect(self.scene.effects, isolation_level=None)) as database:
            database.execute(INSERT, values)

    def serve(self, number: int, offer: str) -> None:
        service, statement = {
            "suitcase": (inventory, "INSERT INTO won VALUES (:coupon, 's', 'suitcase', 'reserved')"),
            "points": (membership, "INSERT INTO given VALUES (:coupon, 's', 100)"),
            "small": (marketing, "INSERT INTO coupons VALUES (:coupon, 's', 'small', 'event')"),
        }[offer]
        name = service.__name__.removeprefix("services.")
        database = Database(f"sqlite:{self.scene.folder}/{name}.db", service.TABLES)
        with database.transaction() as effects:
            effects.execute(statement, coupon=f"coupon-{number}")
        database.close()

    def give(self, number: int, offer: str, shopper: int | None = None, tier: str = "none") -> None:
        """All that an envelope takes."""
        self.claim(number, shopper, membership_tier=tier)
        self.decide(number, "issued", offer, shopper)
        self.receive(number, offer, shopper)
        self.serve(number, offer)

    def refuse(self, number: int, offer: str, **fields: Any) -> None:
        """For want of a piece."""
        self.claim(number, **fields)
        self.decide(number, "out_of_budget", offer)

    @property
    def claims(self) -> Claims:
        found = outcome(self.scene, campaign=self._campaign).claims
        assert found is not None
        return found


@pytest.fixture
def rain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rain]:
    """Both stocks given away, a claim in the app, one refused, one capped, one without luck: as promised."""
    monkeypatch.setenv("HONGBAO_WAREHOUSE_FOLDER", str(tmp_path / "warehouse"))
    monkeypatch.setenv("HONGBAO_SERVICES_DATABASE", f"sqlite:{tmp_path}/{{service}}.db")
    rain = Rain(tmp_path)
    for number, offer in enumerate(("suitcase", "points", "small")):
        rain.give(number, offer)
    rain.refuse(3, "suitcase", kind="red_envelope_claimed", store_id=None)
    rain.claim(4, shopper=0)
    rain.decide(4, "capped", "points", shopper=0)
    rain.claim(5)
    rain.decide(5, "no_luck", None)
    # In a shop it follows its scan, and a view is no claim.
    rain.claim(6, kind="red_envelope_claimed")
    rain.claim(7, kind="product_viewed")
    yield rain


AS_PROMISED = {"made": 6, "issued": 3, "refused": {"out_of_budget": 1, "capped": 1, "no_luck": 1}}


def differs(rain: Rain) -> dict[str, Any]:
    """The figures that are not those of the claims as promised."""
    return {name: value for name, value in asdict(rain.claims).items() if value and AS_PROMISED.get(name) != value}


def test_what_was_promised_is_accounted_for(rain: Rain) -> None:
    assert (differs(rain), rain.claims.wrong) == ({}, 0)


def test_a_claim_without_an_answer_is_unanswered(rain: Rain) -> None:
    rain.claim(10)
    assert differs(rain) == {"made": 7, "unanswered": 1}


def test_a_piece_more_than_there_are_is_overspent(rain: Rain) -> None:
    rain.give(10, "suitcase")
    assert differs(rain) == {"made": 7, "issued": 4, "overspent": 1}


def test_what_was_received_counts_though_nothing_landed_or_was_served(rain: Rain) -> None:
    """As without reading back: the files of the failed attempt never appear, and inventory has no piece left."""
    rain.claim(10)
    rain.receive(10, "suitcase")
    assert differs(rain) == {"made": 7, "issued": 4, "overspent": 1, "not_landed": 1, "not_served": 1}


def test_a_second_envelope_for_one_shopper_is_beyond_one(rain: Rain) -> None:
    rain.give(10, "small", shopper=0)
    assert differs(rain) == {"made": 7, "issued": 4, "beyond_one_a_shopper": 1}


def test_two_coupons_or_a_coupon_and_a_refusal_for_one_claim_are_two_answers(rain: Rain) -> None:
    rain.receive(2, "small", name="coupon-other")
    rain.receive(5, "small")
    found = differs(rain)
    assert found["answered_twice"] == 2


def test_a_refusal_without_its_reason_is_wrong(rain: Rain) -> None:
    rain.refuse(10, "small")
    rain.claim(11)
    rain.decide(11, "capped", "small")
    rain.claim(12)
    rain.decide(12, "held_out", "small")
    assert differs(rain)["wrongly_refused"] == 3


def test_a_repeat_that_the_subscriber_gave_again_is_no_second_envelope(rain: Rain) -> None:
    rain.receive(2, "small")
    assert differs(rain) == {}


def test_a_stock_with_something_left_showed_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HONGBAO_WAREHOUSE_FOLDER", str(tmp_path / "warehouse"))
    monkeypatch.setenv("HONGBAO_SERVICES_DATABASE", f"sqlite:{tmp_path}/{{service}}.db")
    rain = Rain(tmp_path)
    rain.give(0, "suitcase")
    assert (rain.claims.left_over, rain.claims.wrong) == (1, 1)


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rain:
    """Where VIPs are apart: the points are given away, and no suitcase."""
    monkeypatch.setenv("HONGBAO_WAREHOUSE_FOLDER", str(tmp_path / "warehouse"))
    monkeypatch.setenv("HONGBAO_SERVICES_DATABASE", f"sqlite:{tmp_path}/{{service}}.db")
    monkeypatch.setenv("HONGBAO_STACK_VIP_MEMORY_MB", "1280")
    rain = Rain(tmp_path, DIVIDED)
    rain.give(0, "points", tier="vip")
    rain.give(1, "points", tier="gold")
    return rain


def wrong(rain: Rain) -> dict[str, int]:
    told = ("made", "issued", "refused")
    return {name: value for name, value in asdict(rain.claims).items() if value and name not in told}


def test_each_part_of_a_stock_may_be_given_to_its_end(parts: Rain) -> None:
    parts.give(2, "suitcase", tier="vip")
    parts.give(3, "suitcase", tier="gold")
    for number, tier in ((4, "vip"), (5, "gold")):
        parts.refuse(number, "suitcase", membership_tier=tier)
    assert (wrong(parts), parts.claims.wrong) == ({}, 0)


@pytest.mark.parametrize(("tier", "by_vips"), [("vip", {"overspent_by_vips": 1}), ("gold", {})])
def test_a_piece_of_the_other_part_is_overspent_here_and_left_over_there(
    parts: Rain, tier: str, by_vips: dict[str, int]
) -> None:
    parts.give(2, "suitcase", tier=tier)
    parts.give(3, "suitcase", tier=tier)
    assert (wrong(parts), parts.claims.wrong) == ({"overspent": 1, "left_over": 1, **by_vips}, 2)


@pytest.mark.parametrize(("got", "refused"), [("vip", "gold"), ("gold", "vip")])
def test_a_refusal_is_wrong_while_there_is_a_piece_in_its_part_alone(parts: Rain, got: str, refused: str) -> None:
    parts.give(2, "suitcase", tier=got)
    parts.refuse(3, "suitcase", membership_tier=got)
    assert wrong(parts) == {"left_over": 1}
    parts.refuse(4, "suitcase", membership_tier=refused)
    assert wrong(parts) == {"left_over": 1, "wrongly_refused": 1}


def test_where_vips_are_not_apart_they_may_have_every_piece(parts: Rain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HONGBAO_STACK_VIP_MEMORY_MB", "0")
    parts.give(2, "suitcase", tier="vip")
    parts.give(3, "suitcase", tier="vip")
    assert wrong(parts) == {}
