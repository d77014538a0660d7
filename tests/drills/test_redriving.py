"""What is redriven breaks one rule until it is mended, and is too old for a coupon but not for conversion."""

import schemas
from drills.redriving import AGO_MS, scan
from jobs.conversion import Conversion
from jobs.coupons import Coupons
from jobs.environment import whole_ms
from schemas.rules import violation

CLICK = schemas.load("click_event")


def test_the_scan_breaks_the_rule_of_its_currency_alone() -> None:
    event = scan("anna", "018f3e2a-7a3c-7000-8000-000000000000")
    broken = violation(CLICK, event, event["sent_at"])
    assert broken is not None
    assert broken.field == "currency"
    assert violation(CLICK, {**event, "currency": "CNY"}, event["sent_at"]) is None


def test_the_scan_is_too_old_for_a_coupon_and_for_minutes_not_late() -> None:
    assert whole_ms(Coupons().longest_past) + 60_000 < AGO_MS < whole_ms(Conversion().allowed_lateness) - 120_000
