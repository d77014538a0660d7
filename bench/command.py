"""Run the parts of the bench that are asked for, and keep what they print in var/bench.json."""

import json
from collections.abc import Callable
from importlib import import_module
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
    measures: dict[str, Callable[[], Any]] = {
        "drain": lambda: _part("drain").run(events, repeats, say),
        "live": lambda: _part("live").run(seconds, repeats, say),
        "vip": lambda: _part("vip").run(seconds, say),
        "query": lambda: _part("query").run(query_events, repeats, say),
        "nexmark": lambda: _part("nexmark.queries").run(events, repeats, say),
        "growth": lambda: _part("growth.part").run(plan, repeats, seconds, say),
        "capacity": lambda: _part("capacity").run(events, repeats, list(_part("drain").JOBS), say),
    }
    figures: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    for part in parts or PARTS:
        figures[part] = measures[part]()
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return figures


def _part(name: str) -> Any:
    """A part's module, imported with it: what the others bring is not there where nobody measures."""
    return import_module(f"bench.{name}")
