"""Poison is what it says: bytes that are no event, and events that break one rule."""

from io import BytesIO
from itertools import islice

import fastavro
import pytest

import schemas
from drills.poison import messages, nothing_added
from schemas.encoder import encoder
from schemas.rules import violation

CLICK = schemas.load("click_event")


def test_the_flood_is_bytes_that_do_not_decode_and_events_that_do() -> None:
    first, second, third = islice(messages(encoder(CLICK)), 3)
    for payload, _ in (first, third):
        with pytest.raises((EOFError, IndexError, ValueError)):
            fastavro.schemaless_reader(BytesIO(payload), CLICK.parsed, None)
    assert fastavro.schemaless_reader(BytesIO(second[0]), CLICK.parsed, None)["quantity"] == 0  # type: ignore[index,call-overload]
    assert [key for _, key in (first, second, third)] == ["poison-0", "poison-1", "poison-2"]


def test_the_event_breaks_one_rule() -> None:
    event = nothing_added("anna", "018f3e2a-7a3c-7000-8000-000000000000")
    broken = violation(CLICK, event, event["occurred_at"])
    assert broken is not None
    assert broken.field == "quantity"
    assert violation(CLICK, {**event, "quantity": 1}, event["occurred_at"]) is None
