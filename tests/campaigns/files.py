"""Campaigns for tests: a small valid one, changed by what a test is about."""

from typing import Any

from campaigns.definition import Campaign

START_MS = 1_798_000_000_000
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


def campaign(name: str = "sale", **changed: Any) -> Campaign:
    """A campaign of ten days that gives 300 minor units to whoever hesitates."""
    plain: dict[str, Any] = {
        "name": name,
        "starts_ms": START_MS,
        "ends_ms": START_MS + 10 * DAY_MS,
        "time_zone": "Asia/Shanghai",
        "patterns": ["hesitation"],
        "valid_ms": DAY_MS,
        "offers": [{"name": "three_off", "minor": 300}],
    }
    return Campaign.model_validate(plain | changed)
