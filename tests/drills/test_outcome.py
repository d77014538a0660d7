"""Every promise that is broken is counted, and a scene without one is whole."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from drills.claims import Claims
from drills.outcome import Outcome, outcome
from drills.scene import Scene
from tests.warehouse.landing import START, event, land

CLAIMS = Claims(5, 3, {"capped": 2}, 0, 0, 0, 0, 0, 0, 0, 0, 0)
WHOLE = Outcome(
    published=3,
    landed=2,
    dead_lettered=1,
    late=1,
    lost=0,
    duplicates_landed=0,
    misjudged=0,
    coupons_expected=1,
    coupons_received=1,
    coupons_effective_duplicates=0,
    coupons_not_received=0,
    recovery_s=0.0,
    findings=[],
)


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """One event in time, one late, one dead: all as promised."""
    monkeypatch.setenv("HONGBAO_WAREHOUSE_FOLDER", str(tmp_path / "warehouse"))
    scene = Scene(tmp_path, 1.0, spool=True, inbox=True, state=True)
    with closing(sqlite3.connect(scene.effects)) as database:
        database.execute("CREATE TABLE effects (coupon_id TEXT, due_ms BIGINT, received_ms BIGINT)")
    scene.note("accepted-1", ["event-1"])
    scene.note("behind-1", ["event-2"])
    scene.note("dead-1", ["1:1:0:0"])
    landed(tmp_path, 1)
    landed(tmp_path, 2)
    late(tmp_path, 2)
    died(tmp_path)
    return scene


def landed(folder: Path, number: int, part: str = "first", message_id: str | None = None) -> None:
    message = {"message_id": message_id or f"7:{number}:0:0", "topic": "clicks", "appended_at": START}
    row = event(number, event_type="cart_viewed", occurred_at=START, **message)
    land(folder / "warehouse", "events", [row], f"{part}-{number}")


def late(folder: Path, number: int) -> None:
    row = {"event_id": f"event-{number}", "first_seen_at": START + timedelta(hours=1)}
    land(folder / "warehouse", "late_events", [row], f"late-{number}")


def died(folder: Path, part: str = "first") -> None:
    row = {"message_id": "1:1:0:0", "topic": "clicks", "first_seen_at": START}
    land(folder / "warehouse", "dead_letters", [row], f"{part}-dead")


def differs(scene: Scene) -> dict[str, Any]:
    """The figures that are not those of the scene as promised."""
    promised: dict[str, Any] = {"landed": 2, "published": 3, "dead_lettered": 1, "late": 1}
    found = outcome(scene).plain()
    return {name: value for name, value in found.items() if value and promised.get(name) != value}


def test_what_came_as_promised_is_neither_lost_nor_doubled_nor_misjudged(scene: Scene) -> None:
    assert differs(scene) == {}


def test_an_event_and_a_message_that_are_nowhere_are_lost(scene: Scene) -> None:
    scene.note("accepted-2", ["event-3"])
    scene.note("dead-2", ["1:2:0:0"])
    assert differs(scene) == {"published": 5, "lost": 2}


def test_an_event_twice_is_a_duplicate_a_dead_letter_read_twice_is_one(scene: Scene, tmp_path: Path) -> None:
    landed(tmp_path, 1, "again")
    died(tmp_path, "again")
    assert differs(scene) == {"duplicates_landed": 1}


def test_an_event_in_time_must_not_be_late(scene: Scene, tmp_path: Path) -> None:
    late(tmp_path, 1)
    assert differs(scene) == {"late": 2, "misjudged": 1}


def test_an_event_of_long_ago_must_be_late(scene: Scene, tmp_path: Path) -> None:
    scene.note("behind-2", ["event-3"])
    landed(tmp_path, 3)
    assert differs(scene) == {"published": 4, "landed": 3, "misjudged": 1}


def test_poison_that_lands_is_not_lost_but_misjudged(scene: Scene, tmp_path: Path) -> None:
    scene.note("dead-2", ["1:2:0:0"])
    landed(tmp_path, 3, message_id="1:2:0:0")
    assert differs(scene) == {"published": 4, "misjudged": 1}


@pytest.mark.parametrize(
    "broken",
    [
        {"lost": 1},
        {"duplicates_landed": 1},
        {"misjudged": 1},
        {"coupons_effective_duplicates": 1},
        {"coupons_not_received": 1},
        {"conversion_differences": 1},
        {"findings": ["coupon_not_given"]},
        {"landed": 0},
        {"coupons_received": 0},
        {"claims": replace(CLAIMS, overspent=1)},
    ],
)
def test_one_broken_promise_is_not_whole(broken: dict[str, Any]) -> None:
    assert WHOLE.whole and replace(WHOLE, claims=CLAIMS).whole
    assert not Outcome(**{**WHOLE.plain(), **broken}).whole
