"""A reader's place in a topic's ledgers says which entry it has not been given, on each topic that it reads."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ingest import Publisher
from pressure.gauge import Gauge, unread
from schemas.topics import CLICKS, CLICKS_VIP
from settings import Pulsar
from stack.pulsar_admin import PulsarAdmin
from tests.waiting import eventually
from topics.client import connect


def state(last: str, *ledgers: tuple[int, int]) -> dict[str, Any]:
    """internalStats of a topic with these ledgers and their entries; the newest says nothing of its own."""
    listed = [{"ledgerId": ledger, "entries": entries} for ledger, entries in ledgers]
    current = listed[-1]["entries"]
    listed[-1]["entries"] = 0
    return {"lastConfirmedEntry": last, "ledgers": listed, "currentLedgerEntries": current}


@pytest.mark.parametrize(
    ("at", "found"),
    [
        ((5, 3), (5, 3)),
        ((5, -1), (5, 0)),
        # Behind the last of its ledger, in one that is gone, in one that is empty.
        ((5, 10), (7, 0)),
        ((4, 99), (5, 0)),
        ((6, 0), (7, 0)),
        ((7, 19), (7, 19)),
        ((7, 20), None),
        ((8, 0), None),
    ],
)
def test_next_entry_is_found_across_ledgers(at: tuple[int, int], found: tuple[int, int] | None) -> None:
    assert unread(state("7:19", (5, 10), (6, 0), (7, 20)), at) == found


def test_topic_without_a_message_has_none() -> None:
    assert unread(state("5:-1", (5, 0)), (5, 0)) is None


@pytest.mark.stack
def test_reader_is_as_far_behind_as_on_the_worst_of_its_topics(
    own_topics: Pulsar, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = connect(own_topics)
    for reader in ("coupons", "landing"):
        client.subscribe(own_topics.topic(CLICKS.path), reader)
    # Takes one message and no more: what comes behind it waits at the broker.
    client.subscribe(
        own_topics.topic(CLICKS_VIP.path),
        "landing",
        receiver_queue_size=1,
        max_total_receiver_queue_size_across_partitions=1,
    )
    with Publisher(own_topics) as clicks, PulsarAdmin(own_topics.admin_url) as admin:
        for tier in ("none", "vip", "vip", "vip"):
            clicks.publish(
                {
                    "event_type": "cart_viewed",
                    "user_id": "u1",
                    "session_id": "s1",
                    "membership_tier": tier,
                    "occurred_at": datetime.now(UTC),
                }
            )
            clicks.flush()
        together = Gauge(own_topics, admin, ("coupons", "coupons_vip", "landing"))
        eventually(lambda: together.measure().furthest[0], "landing")
        found = together.measure()
        # Nobody reads the VIPs' clicks as coupons: it is named, and waits for nothing on the other topic.
        assert (found.lags_s["coupons"], found.away) == (0.0, ("coupons",))
        monkeypatch.setenv("HONGBAO_STACK_VIP_MEMORY_MB", "1280")
        apart = Gauge(own_topics, admin, ("coupons", "coupons_vip", "landing")).measure()
        assert (set(apart.lags_s), apart.away) == ({"coupons", "landing"}, ("coupons_vip",))
    client.close()
