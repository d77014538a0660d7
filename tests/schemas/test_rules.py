"""The publisher's rules, each at its boundary; rule_cases.json holds the decoder in Java to the same verdicts."""

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import fastavro
import pytest

import schemas
from schemas.rules import violation

NOW = datetime(2027, 2, 5, 12, tzinfo=UTC)
TOO_FAR = NOW + timedelta(minutes=5, milliseconds=1)
NAIVE = NOW.replace(tzinfo=None)
NOW_MS = int(NOW.timestamp() * 1000)

SHARED = json.loads(Path(__file__).with_name("rule_cases.json").read_text(encoding="utf-8"))


def written(value: Any) -> Any:
    """A value of the shared table, which abbreviates the long ones."""
    if isinstance(value, dict) and "repeat" in value:
        return value["repeat"] * value["times"]
    if isinstance(value, dict) and "entries" in value:
        return {str(n): "" for n in range(value["entries"])}
    return value


@pytest.mark.parametrize("case", SHARED["cases"], ids=lambda case: json.dumps(case["change"], ensure_ascii=False))
def test_shared_case_has_its_verdict(case: dict[str, Any]) -> None:
    event = {name: written(value) for name, value in {**SHARED["event"], **case["change"]}.items()}
    for name in SHARED["times"]:
        event[name] = event[name]["exactly"] if isinstance(event[name], dict) else event[name] + SHARED["now_ms"]
    found = violation(schemas.load("click_event"), event, SHARED["now_ms"])
    assert (None if found is None else found.field) == case["field"]
    # Every case must reach the decoder, so Avro must be able to write it.
    fastavro.schemaless_writer(io.BytesIO(), schemas.load("click_event").parsed, event)


def broken(**fields: Any) -> str | None:
    event = {
        "event_id": "01900000-0000-7000-8000-000000000001",
        "event_type": "product_viewed",
        "user_id": "u1",
        "session_id": "s1",
        "product_id": "p1",
        "price_minor": 1,
        "occurred_at": NOW,
        "sent_at": NOW,
        **fields,
    }
    found = violation(schemas.load("click_event"), event, NOW_MS)
    return None if found is None else found.reason


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"quantity": 1},
        {"quantity": 10_000},
        {"occurred_at": NOW + timedelta(minutes=5)},
        {"occurred_at": NOW - timedelta(days=7)},
        {"user_id": None, "anonymous_id": "d1"},
        {"session_id": "s" * 128},
        {"properties": {str(n): "" for n in range(64)}},
    ],
)
def test_event_on_the_boundary_passes(fields: dict[str, Any]) -> None:
    assert broken(**fields) is None


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"quantity": 0}, "quantity is 0; the least is 1"),
        ({"quantity": 10_001}, "quantity is 10001; the most is 10000"),
        ({"quantity": True}, "quantity is True; it must be int"),
        ({"price_minor": 2**63}, f"price_minor is {2**63}; it does not fit long"),
        ({"event_type": "teleported"}, "event_type is 'teleported'; it must be one of the 30 in the contract"),
        ({"currency": "cny"}, "currency is 'cny'; it must be three capital letters"),
        ({"event_id": "17"}, "event_id is '17'; it must be a UUID"),
        ({"occurred_at": TOO_FAR}, "occurred_at is 300001 ms ahead; the most is 300000 ms"),
        ({"occurred_at": NAIVE}, "occurred_at is 2027-02-05 12:00:00, without a time zone; give it UTC"),
        ({"user_id": None}, "user_id and anonymous_id are both missing; one is required"),
        ({"event_type": "order_completed", "quantity": 1}, "order_id is missing; order_completed requires it"),
        ({"session_id": None}, "session_id is null; every event has one"),
        ({"membership_tier": None}, "membership_tier is null; every event has one"),
        ({"category": "\ud83e"}, "category is '\\ud83e'; it must be text that UTF-8 can write"),
        ({"properties": {"a": "\ud83e"}}, "properties holds '\\ud83e'; it must be text that UTF-8 can write"),
        ({"sent_at": 2**63}, f"sent_at is {2**63}; it does not fit timestamp-millis"),
        ({"sent_at": "today"}, "sent_at is 'today'; it must be timestamp-millis"),
        ({"session_id": "s" * 129}, "session_id has 129 characters; the most is 128"),
        ({"properties": {"a": 1}}, "properties holds something that is no text; keys and values must be"),
    ],
)  # fmt: skip
def test_broken_rule_is_a_sentence(fields: dict[str, Any], reason: str) -> None:
    assert broken(**fields) == reason


def test_field_that_has_a_default_may_be_absent() -> None:
    fields = schemas.load("click_event").fields
    assert [field["name"] for field in fields if field["name"] == "membership_tier" and "default" in field]
    assert broken() is None


def test_missing_field_is_named() -> None:
    found = violation(schemas.load("click_event"), {}, NOW_MS)
    assert found is not None
    assert (found.field, found.reason) == ("event_id", "event_id is missing; every event has one")
