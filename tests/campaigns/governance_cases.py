"""Write the cases that hold the job's governance, in Java, and the reference to one answer.

`python -m tests.campaigns.governance_cases` runs seeded candidates through a few tight campaigns and writes what the
job's judge proposes for each, and what the reference decides. connector's GovernanceCasesTest decides the same.
"""

import json
import random
from pathlib import Path
from typing import Any

from campaigns.governance import State, govern
from campaigns.judge import propose
from jobs.campaign_rules import WHOLE, Part, of_campaign
from jobs.coupon_rules import Candidate as JobCandidate
from tests.campaigns.files import DAY_MS, HOUR_MS, START_MS, campaign
from tests.campaigns.test_judge import LONGEST_PAST_MS, candidate

FILE = Path(__file__).with_suffix(".json")
STEPS, SHOPPERS, MOST_PER_DAY = 140, 7, 6
RULES = ("hesitation", "qr_claim")
TIERS = ("none", "gold", "vip")
AGES_MS = (0, 0, 0, 60_000, 60_001, LONGEST_PAST_MS, LONGEST_PAST_MS + 1)
GROUP = {"exclusive_group": "new-year"}
CAMPAIGNS = (
    campaign("tight", patterns=RULES, priority=5, budget={"money_minor": 9_000, "pieces": 30}, **GROUP),
    campaign(
        "capped",
        patterns=RULES,
        priority=7,
        caps={"per_shopper": 3, "per_shopper_per_day": 2, "per_day": 6, "cooldown_ms": 5 * HOUR_MS},
        holdout={"share": 0.3, "salt": "x"},
        ends_ms=START_MS + 5 * DAY_MS,
        **GROUP,
    ),
    campaign(
        "envelope",
        patterns=["qr_claim"],
        priority=9,
        deadline_ms=60_000,
        caps={"per_shopper": 4, "cooldown_ms": HOUR_MS},
        offers=[
            {"name": "prize", "kind": "prize", "cost_minor": 5_000, "odds": 0.2, "stock": 3},
            {"name": "points", "kind": "points", "points": 10, "cost_minor": 10, "odds": 0.4},
        ],
    ),
    campaign(
        "percent",
        patterns=["hesitation"],
        offers=[{"name": "ten", "percent": 10, "most_minor": 2_000}, {"name": "vip", "minor": 900, "tiers": ["vip"]}],
        budget={"money_minor": 40_000},
        caps={"cooldown_ms": 9 * HOUR_MS},
    ),
)


def cases() -> dict[str, Any]:
    """Every step: when, which rule, whose; the proposals as the job writes them; and each campaign's outcome."""
    dice = random.Random(2027)
    state = State({one.name: one for one in CAMPAIGNS}, MOST_PER_DAY)
    now_ms = START_MS + HOUR_MS
    steps = []
    for number in range(STEPS):
        now_ms += dice.choice((1, 60_000, HOUR_MS, 3 * HOUR_MS))
        asked = candidate(
            rule=dice.choice(RULES),
            shopper_id=f"s{dice.randrange(SHOPPERS)}",
            cause_event_id=f"cause-{number}",
            membership_tier=dice.choice(TIERS),
            price_minor=dice.choice((None, 5_000, 90_000)),
            # Some lie at one of the deadlines, some a millisecond behind it.
            occurred_ms=now_ms - AGES_MS[number % len(AGES_MS)],
            published_ms=now_ms,
            due_ms=now_ms,
        )
        proposals = [found for one in CAMPAIGNS if (found := propose(one, asked, now_ms, LONGEST_PAST_MS)) is not None]
        written = [json_of(asked, proposal.campaign) for proposal in proposals]
        assert [(one["offer"], one["cost_minor"]) for one in written] == [
            (None if proposal.offer is None else proposal.offer.name, proposal.cost_minor) for proposal in proposals
        ]
        outcomes = govern(proposals, state, now_ms)
        state.take(outcomes)
        steps.append(
            {
                "shopper_id": asked.shopper_id,
                "rule": asked.rule,
                "now_ms": now_ms,
                "proposals": [{key: value for key, value in one.items() if value is not None} for one in written],
                "outcomes": [[one.proposal.campaign.name, one.outcome] for one in outcomes],
            }
        )
    return {"most_per_day": MOST_PER_DAY, "steps": steps}


def json_of(asked: Any, one: Any, part: Part = WHOLE) -> dict[str, Any]:
    """The job's own proposal of the same candidate and campaign."""
    fields = {**vars(asked), "campaign_id": None, "product_id": None, "currency": "CNY", "favourite_category": None}
    definition = {**json.loads(one.text), "version": 1}
    found = of_campaign(JobCandidate(**fields, read_ms=asked.due_ms), definition, LONGEST_PAST_MS, part=part)
    assert found is not None
    return found


def text() -> str:
    return json.dumps(cases(), indent=None, separators=(",", ":")).replace('{"shopper_id"', '\n{"shopper_id"') + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
