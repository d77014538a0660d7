"""Write the cases that hold the job's pricing, in Java, and the reference to one answer.

`python -m tests.prices.price_cases` runs seeded windows through a few rules, a new version now and then, and writes
what the reference decides. connector's PriceCasesTest decides the same.
"""

import json
import random
from pathlib import Path
from typing import Any

from prices.decision import Level, Window, decide
from tests.prices.rules import MINUTE_MS, rule

FILE = Path(__file__).with_suffix(".json")
START_MS, STEPS = 1_798_000_020_000, 300
LENGTHS_MS = {"tumble_10s": 10_000, "tumble_1m": MINUTE_MS, "hop_5m": 5 * MINUTE_MS}
RULES = (
    rule(hold_ms=3 * MINUTE_MS),
    rule(category="茶杯", floor_percent=85, ceiling_percent=95, step_percent=4, low=1 / 3, high=0.4),
    rule(window_kind="hop_5m", hold_ms=MINUTE_MS, step_percent=33, floor_percent=1),
    rule(window_kind="tumble_10s", low=0.1, high=0.1 + 1e-9, ceiling_percent=100),
)


def cases() -> list[dict[str, Any]]:
    """Every step: the rule and its version, the window, when it is decided; and the change, or none."""
    dice = random.Random(2027)
    levels: dict[str, Level] = {}
    start_ms, found = START_MS, []
    for number in range(STEPS):
        version = number // 20 + 1
        by = RULES[dice.randrange(len(RULES))]
        if version % 3 == 0:
            by = by.model_copy(update={"floor_percent": 88, "ceiling_percent": 92})
        # Some come again, some late; an outage is caught up in no time.
        start_ms += dice.choice((-60_000, 0, 60_000, 120_000, 180_000))
        kind = dice.choice((*[by.window_kind] * 5, "tumble_1m"))
        viewers = dice.choice((0, 9, 10, 30, 30))
        window = Window(kind, start_ms, start_ms + LENGTHS_MS[kind], viewers, dice.randint(0, max(1, viewers)))
        now_ms = START_MS + dice.choice((60_000, 70_000)) * number
        level = levels.get(by.category, Level())
        levels[by.category], change = decide(by, version, level, window, now_ms)
        found.append(
            {
                "version": version,
                "rule": by.model_dump(),
                "window": window._asdict(),
                "now_ms": now_ms,
                "change": change and change._asdict(),
            }
        )
    return found


def text() -> str:
    lines = (json.dumps(case, ensure_ascii=False, separators=(",", ":")) for case in cases())
    return "[\n" + ",\n".join(lines) + "\n]\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
