"""Run the parts of the bench that are asked for, and keep what they print in var/bench.json."""

import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bench.growth.plan import Plan
from errors import Prerequisite, SettingsError
from settings.reader import ROOT

PARTS = ("drain", "live", "vip", "query", "nexmark", "growth", "capacity")
# What a part imports or starts beyond what everybody has.
NEEDS = {"drain": ("bytewax", "hdrh"), "live": ("hdrh",), "vip": ("hdrh",), "growth": ("hdrh",)}
PLAN = Plan()
KEPT = ROOT / "var" / "bench.json"


def bench(
    parts: list[str],
    events: int,
    repeats: int,
    seconds: float,
    query_events: list[int],
    say: Callable[[str], None] = lambda _: None,
    kept: Path = KEPT,
    plan: Plan = PLAN,
) -> dict[str, Any]:
    """One object with a key a part, what was measured before included; each part is kept as soon as it is there.

    Raises SettingsError for an unknown part, Prerequisite without the peers.
    """
    for part in parts or PARTS:
        if part not in PARTS:
            raise SettingsError(f"bench: no part {part!r}; there are {', '.join(PARTS)}")
        for module in NEEDS.get(part, ()):
            if find_spec(module) is None:
                raise Prerequisite(f"bench: {module} is not installed; make bench does that")

    # A part's modules are imported with it: what they bring is not there where nobody measures.
    def measure(part: str) -> Any:
        match part:
            case "drain":
                from bench import drain

                return drain.run(events, repeats, say)
            case "live":
                from bench import live

                return live.run(seconds, repeats, say)
            case "vip":
                from bench import vip

                return {name: vip.run(seconds, say, apart) for name, apart in (("apart", True), ("one_job", False))}
            case "query":
                from bench import query

                return query.run(query_events, repeats, say)
            case "nexmark":
                from bench.nexmark import queries

                return queries.run(events, repeats, say)
            case "capacity":
                from bench import capacity
                from bench.drain import JOBS

                return capacity.run(events, repeats, list(JOBS), say)
            case _:
                from bench.growth import part as growth

                return growth.run(plan, repeats, seconds, say)

    figures: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    for part in parts or PARTS:
        figures[part] = measure(part)
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return figures
