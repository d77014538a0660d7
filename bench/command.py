"""Run the parts of the bench that are asked for, and keep what they print in var/bench.json."""

import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from errors import Prerequisite, SettingsError
from settings.reader import ROOT

PARTS = ("drain", "live", "vip", "query")
KEPT = ROOT / "var" / "bench.json"


def bench(
    parts: list[str],
    events: int,
    repeats: int,
    seconds: float,
    query_events: list[int],
    say: Callable[[str], None] = lambda _: None,
    kept: Path = KEPT,
) -> dict[str, Any]:
    """One object with a key a part, what was measured before included; each part is kept as soon as it is there.

    Raises SettingsError for an unknown part, Prerequisite without the peers.
    """
    for part in parts:
        if part not in PARTS:
            raise SettingsError(f"bench: no part {part!r}; there are {', '.join(PARTS)}")
    for module in ("bytewax", "hdrh"):
        if find_spec(module) is None:
            raise Prerequisite(f"bench: {module} is not installed; make bench does that")
    # Not before: what they bring is not there where nobody measures.
    from bench import drain, live, query, vip

    measures: dict[str, Callable[[], Any]] = {
        "drain": lambda: drain.run(events, repeats, say),
        "live": lambda: live.run(seconds, repeats, say),
        "vip": lambda: {name: vip.run(seconds, say, apart) for name, apart in (("apart", True), ("one_job", False))},
        "query": lambda: query.run(query_events, repeats, say),
    }
    figures: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    for part in parts or PARTS:
        figures[part] = measures[part]()
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return figures
