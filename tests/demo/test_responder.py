"""The shoppers whom a coupon convinces: as many as said, each once, and the book knows."""

import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import schemas
from coupons import Inbox, Message
from coupons.database import Database
from demo.responder import TABLE, Response, convinced, order, responds, responses, send_due
from ingest import Publisher
from schemas.rules import violation
from schemas.topics import CLICKS
from settings import Pulsar
from tests.topics.everything import everything

NOW_MS = 1_798_000_000_000
LATER_MS = 4_000_000_000_000


def response(shopper_id: str = "user-000001") -> Response:
    coupon_id, event_id = str(uuid.uuid4()), str(uuid.uuid4())
    return Response(coupon_id, "tea", shopper_id, "gold", "product-0007", event_id, NOW_MS)


def coupon(coupon_id: str, **changed: Any) -> Message:
    value = {"campaign_id": "tea", "product_id": None, "membership_tier": "none", **changed}
    return Message("coupon_trigger", coupon_id, "device-000001", value)


def test_as_many_respond_as_the_chance_says_and_always_the_same() -> None:
    ids = [str(number) for number in range(10_000)]
    convinced_ids = [one for one in ids if responds(one, 0.3)]
    # Four standard deviations.
    assert len(convinced_ids) == pytest.approx(3_000, abs=183)
    assert convinced_ids == [one for one in ids if responds(one, 0.3)]
    assert not any(responds(one, 0.0) for one in ids)


@pytest.mark.parametrize(
    ("shopper_id", "user_id", "anonymous_id"),
    [("user-000001", "user-000001", None), ("device-000001", None, "device-000001")],
)
def test_order_is_its_shoppers_and_by_the_contract(
    shopper_id: str, user_id: str | None, anonymous_id: str | None
) -> None:
    found = {**order(response(shopper_id), NOW_MS), "sent_at": NOW_MS}
    assert (found.get("user_id"), found.get("anonymous_id")) == (user_id, anonymous_id)
    assert violation(schemas.load("click_event"), found, NOW_MS) is None


def test_book_has_each_coupon_that_convinces_and_no_other(tmp_path: Path) -> None:
    book = tmp_path / "book.db"
    decide = convinced({"tea": 1.0, "cups": 0.0})
    inbox = Inbox(f"sqlite:{book}", [TABLE])
    with inbox.transaction() as effects:
        decide(effects, coupon("a"))
        decide(effects, coupon("b", campaign_id="cups"))
        decide(effects, coupon("c", campaign_id="nobody's"))
    inbox.close()
    assert responses(book) == [{"coupon_id": "a", "campaign_id": "tea", "shopper_id": "device-000001", "sent_ms": None}]


@pytest.mark.stack
def test_what_is_due_is_published_once(own_topics: Pulsar, tmp_path: Path) -> None:
    file = tmp_path / "book.db"
    book = Database(f"sqlite:{file}", [TABLE])
    decide = convinced({"tea": 1.0})
    with book.transaction() as effects:
        decide(effects, coupon("a"))
        decide(effects, coupon("b"))
        effects.execute("UPDATE responses SET due_ms = :later_ms WHERE coupon_id = 'b'", later_ms=LATER_MS)
    with Publisher(own_topics) as clicks:
        for _ in range(2):
            send_due(book, clicks, LATER_MS - 1)
    book.close()
    assert {one["coupon_id"]: one["sent_ms"] is not None for one in responses(file)} == {"a": True, "b": False}
    (sent,) = everything(own_topics, CLICKS)
    assert (sent["event_type"], sent["coupon_id"], sent["anonymous_id"]) == ("order_completed", "a", "device-000001")
    assert abs((datetime.now(UTC) - sent["occurred_at"]).total_seconds()) < 60
