"""Write the cases that hold the job's audience, in Java, and the reference to one answer.

`python -m tests.campaigns.audience_cases` asks each audience about seeded candidates, with features at every bound and
with such as only a pattern of the shop's own could give. connector's AudienceCasesTest asks the same.
"""

import json
import random
from pathlib import Path
from typing import Any

from campaigns.judge import invited
from tests.campaigns.files import DAY_MS, campaign
from tests.campaigns.test_judge import candidate

FILE = Path(__file__).with_suffix(".json")
LAPSED = {"since_order_ms": {"at_least": 60 * DAY_MS}}
AUDIENCES: dict[str, dict[str, Any]] = {
    "everybody": {},
    "members": {"tiers": ["gold", "vip"]},
    "tea": {"categories": ["tea"]},
    "shop": {"stores": ["s1"]},
    "basket": {"least_basket_minor": 500},
    "third": {"nth": 3},
    "lapsed": {"segments": {"lapsed": LAPSED}},
    "newcomers": {"segments": {"newcomers": {"orders": {"at_most": 0}}}},
    "few-orders": {"segments": {"few": {"orders": {"at_least": 1, "at_most": 3}}}},
    "keen-spenders": {"segments": {"a": {"of_category": {"at_least": 4}, "spent_minor": {"at_least": 50_000}}}},
    "either": {"segments": {"lapsed": LAPSED, "keen": {"of_category": {"at_least": 4}}}},
    "whole": {"tiers": ["none", "vip"], "segments": {"lapsed": LAPSED, "few": {"orders": {"at_most": 3}}}},
}
KNOWN: tuple[dict[str, Any], ...] = (
    {"since_order_ms": None, "orders": 0, "spent_minor": 0, "of_category": None},
    {"since_order_ms": 60 * DAY_MS - 1, "orders": 1, "spent_minor": 49_999, "of_category": 4},
    {"since_order_ms": 60 * DAY_MS, "orders": 3, "spent_minor": 50_000, "of_category": 4},
    {"since_order_ms": 60 * DAY_MS + 1, "orders": 4, "spent_minor": 10**15, "of_category": 3},
    {"since_order_ms": 0, "orders": 2, "spent_minor": 50_001, "of_category": 16},
    {"since_order_ms": 90 * DAY_MS},
    {"orders": "1"},
    {"orders": 1.0},
    {"orders": True},
    {"orders": [1]},
    {},
)
# Only a pattern of the shop's own can give such.
ODD = (None, "", "orders", "[1]", "1", "null", '{"orders":1', '{"orders":1} {"orders":1}', '{"orders":4,"orders":1}')
FEATURES = (*map(json.dumps, KNOWN), *ODD)


def cases() -> dict[str, Any]:
    """The definitions, and each candidate with the campaigns whose audience it is in."""
    dice = random.Random(2027)
    campaigns = [campaign(name, audience=audience) for name, audience in AUDIENCES.items()]
    candidates = []
    for features in FEATURES * 3:
        moment = {
            "membership_tier": dice.choice(("none", "gold", "vip")),
            "category": dice.choice((None, "tea", "shoes")),
            "store_id": dice.choice((None, "s1", "s2")),
            "basket_minor": dice.choice((0, 499, 500)),
            "nth": dice.choice((None, 2, 3)),
            "features": features,
        }
        asked = candidate(**moment)
        candidates.append({**moment, "invited": [one.name for one in campaigns if invited(one, asked)]})
    return {"definitions": {one.name: one.text for one in campaigns}, "candidates": candidates}


def text() -> str:
    return json.dumps(cases(), separators=(",", ":")).replace('{"membership_tier"', '\n{"membership_tier"') + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
