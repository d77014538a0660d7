"""Only anonymous browsing waits, only from the level that the policy says, and a visitor's stays in order."""

from typing import Any

import pytest

from errors import SettingsError
from pressure import deferral
from pressure.deferral import CLOCKS_MS, Diversion, moved_until_ms, visitor
from pressure.level import Level
from settings import Deferral

PRESSED = Deferral(when="pressed")
VIEW: dict[str, Any] = {"event_type": "product_viewed", "user_id": None, "anonymous_id": "a1"}


@pytest.mark.parametrize(
    ("policy", "fields", "who"),
    [
        (PRESSED, {}, "a1"),
        (Deferral(when="overloaded"), {}, "a1"),
        (Deferral(when="never"), {}, None),
        (PRESSED, {"user_id": "u1"}, None),
        # What comes back comes to events/clicks.
        (PRESSED, {"membership_tier": "vip"}, None),
        (PRESSED, {"membership_tier": "none"}, "a1"),
        (PRESSED, {"event_type": "order_completed"}, None),
        (PRESSED, {"event_type": "product_added"}, None),
        (PRESSED, {"anonymous_id": None, "user_id": "u1"}, None),
        (Deferral(when="pressed", event_types=("cart_viewed",)), {}, None),
    ],
)
def test_event_may_wait_when_it_is_anonymous_browsing_and_the_policy_says_so(
    policy: Deferral, fields: dict[str, Any], who: str | None
) -> None:
    assert visitor({**VIEW, **fields}, policy) == who


@pytest.mark.parametrize(
    ("when", "levels"),
    [("pressed", {Level.PRESSED, Level.OVERLOADED}), ("overloaded", {Level.OVERLOADED}), ("never", set())],
)
def test_waiting_begins_at_the_policy_s_level_and_at_no_other(when: Any, levels: set[Level]) -> None:
    assert {level for level in Level if Diversion(Deferral(when=when)).takes("a1", level, 0, 1)} == levels


def test_nothing_but_a_visitor_s_browsing_waits() -> None:
    assert not Diversion(PRESSED).takes(None, Level.OVERLOADED, 0, 1)


@pytest.mark.parametrize("level", [Level.NORMAL, Level.UNKNOWN, Level.AWAY])
def test_who_was_deferred_goes_on_waiting_until_the_last_event_was_moved(level: Level) -> None:
    diversion = Diversion(PRESSED)
    assert diversion.takes("a1", Level.PRESSED, 0, 1_000)
    assert diversion.takes("a1", level, 1_000, 2_000)
    assert not diversion.takes("a2", level, 1_000, 2_000)
    # The one of 2,000 was not moved yet, then it was.
    assert diversion.takes("a1", level, 2_000, 3_000)
    assert not diversion.takes("a1", level, 3_001, 4_000)


def test_who_is_one_too_many_lets_the_oldest_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deferral, "MOST_VISITORS", 2)
    diversion = Diversion(PRESSED)
    for now_ms, who in enumerate(("a1", "a2", "a1", "a3")):
        assert diversion.takes(who, Level.PRESSED, 0, now_ms)
    assert list(diversion.visitors) == ["a1", "a3"]
    assert diversion.events == 4


@pytest.mark.parametrize(
    ("waiting_since_ms", "queue_ms", "moved_ms"),
    [(None, 0, 100_000), (40_000, 0, 40_000), (None, 7_000, 93_000), (95_000, 7_000, 93_000), (200_000, 0, 100_000)],
)
def test_moved_is_what_neither_the_side_topic_nor_our_queue_holds(
    waiting_since_ms: int | None, queue_ms: int, moved_ms: int
) -> None:
    assert moved_until_ms(100_000, waiting_since_ms, queue_ms) == moved_ms - CLOCKS_MS


def test_event_type_that_is_none_is_one_sentence() -> None:
    with pytest.raises(SettingsError, match=r"event_types: did you mean 'product_viewed'\?, got 'product_view'"):
        Diversion(Deferral(when="pressed", event_types=("product_view",)))
