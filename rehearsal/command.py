"""Rehearse as the command asks, and keep everything in var/rehearsal: samples, points, the object, the page."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ingest.profile import Phase
from rehearsal import plots, report
from rehearsal.phases import text
from rehearsal.run import FOLDER, Load, rehearse
from rehearsal.variants import vary


def run(
    phases: Sequence[Phase], seed: int, here: bool, say: Callable[[str], None] = lambda _: None, folder: Path = FOLDER
) -> dict[str, Any]:
    """One object: profile, machine, layout, phases, verdict, and where the files lie."""
    outcome = rehearse(Load(phases, seed), here, say, folder)
    page = folder / "report.html"
    report.write(outcome, page)
    files = {"report": str(page), "samples": str(folder / "samples.jsonl"), "points": str(folder / "points.json")}
    summary = {**outcome.summary(), "files": files}
    (folder / "rehearsal.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    return summary


def run_variants(
    asked: Sequence[str],
    phases: Sequence[Phase],
    seed: int,
    repeats: int,
    say: Callable[[str], None] = lambda _: None,
    folder: Path = FOLDER,
) -> dict[str, Any]:
    """One object: profile, repeats, variants with their figures, and where the plot lies."""
    found = vary(asked, phases, seed, repeats, say, folder)
    plot = folder / "variants.svg"
    plots.variants(found).savefig(plot)
    summary = {"profile": text(phases), "repeats": repeats, "variants": found, "files": {"plot": str(plot)}}
    (folder / "variants.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    return summary
