"""Price rules for tests: a small valid one, changed by what a test is about."""

from pathlib import Path
from typing import Any

from prices.rule import PriceRule

MINUTE_MS = 60_000
# A file with what is required and nothing more.
LEAST = """\
category = "tea"
least_viewers = 10
low = 0.2
high = 0.5
step_percent = 10
floor_percent = 70
hold = "0 s"
"""


def rule(**changed: Any) -> PriceRule:
    """Of tea: from 10 viewers on, below 0.2 it falls by 10 down to 70, above 0.5 it rises up to 110."""
    plain: dict[str, Any] = {
        "category": "tea",
        "window_kind": "tumble_1m",
        "least_viewers": 10,
        "low": 0.2,
        "high": 0.5,
        "step_percent": 10,
        "floor_percent": 70,
        "ceiling_percent": 110,
        "hold_ms": 0,
    }
    return PriceRule.model_validate(plain | changed)


def write(folder: Path, stem: str, toml: str = LEAST) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{stem}.toml"
    path.write_text(toml, encoding="utf-8")
    return path
