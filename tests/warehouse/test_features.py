"""Features in the warehouse: this half holds the shared cases, connector's FeatureCasesTest the other."""

from typing import Any

from tests.warehouse import feature_cases
from tests.warehouse.feature_cases import DAY_MS, START_MS, by_sql


def test_cases_are_what_duckdb_finds() -> None:
    assert feature_cases.FILE.read_text(encoding="utf-8") == feature_cases.written()


def test_cases_meet_every_bound() -> None:
    found = [
        dict(zip(feature_cases.NAMES, features, strict=True))
        for case in feature_cases.cases()
        for features in case["features"]
    ]
    assert max(one["spent_minor"] for one in found) == 10**15
    assert max(one["newest_categories"] for one in found) == 16
    assert max(one["orders"] for one in found) > 10, "an order of long ago is counted anew"
    assert any(one["since_order_ms"] and one["since_order_ms"] > 100 * DAY_MS for one in found)
    begun_anew = sum(one["events"] == 1 for one in found)
    assert begun_anew > 2 * feature_cases.SHOPPERS


def event(number: int, kind: str, **fields: Any) -> dict[str, Any]:
    plain = {"occurred_ms": START_MS + number * DAY_MS, "appended_ms": START_MS + number * DAY_MS}
    return {"shopper_id": "anna", "event_id": f"e{number}", "event_type": kind, **plain, **fields}


def test_features_are_what_a_person_counts() -> None:
    rows = [
        event(0, "product_viewed", price_minor=900, currency="CNY", category="tea"),
        event(1, "product_viewed", price_minor=700, currency="EUR", category="shoes"),
        event(2, "product_added", price_minor=900, quantity=2, currency="CNY", category="tea"),
        event(3, "order_completed", order_id="a", price_minor=900, quantity=2, currency="CNY", category="tea"),
        event(3, "order_completed", order_id="a", price_minor=50, quantity=1, currency="CNY", coupon_id="c"),
        event(9, "order_refunded", order_id="a"),
        event(50, "product_viewed", price_minor=300, currency="CNY", category="tea"),
    ]
    *_, (shopper_id, event_id, last) = by_sql(rows)
    assert (shopper_id, event_id) == ("anna", "e50")
    assert last == {
        "events": 7,
        "since_order_ms": 47 * DAY_MS,
        "orders": 1,
        "lines": 2,
        "coupon_lines": 1,
        "pieces": 3,
        "spent_minor": 1_850,
        "looks": 2,
        "looked_minor": 1_200,
        "adds": 1,
        "newest_categories": 5,
        "of_category": 4,
    }
    # Without an order the first days would be forgotten by then.
    *_, (_, _, visitor) = by_sql([one for one in rows if not one["event_type"].startswith("order")])
    assert (visitor["events"], visitor["looked_minor"]) == (1, 300)
