"""Write docs/scaling.md's tables from what the back-test printed: python -m scaling.report FILE; none is typed."""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Any

from scaling.trial import AHEAD, KEPT, REFERENCE
from settings.reader import ROOT

PAGE = ROOT / "docs" / "scaling.md"
BEGIN, END = "<!-- figures, written by python -m scaling.report -->\n", "<!-- end of figures -->\n"

Figures = Mapping[str, Any]


def tables(figures: Figures) -> str:
    """The back-test in Markdown."""
    return "\n".join([*_setup(figures), *_policies(figures), *_seeds(figures)])


def written(page: str, figures: Figures) -> str:
    """The page with its figures in place of those between the markers; raises ValueError where they are missing."""
    before, begins, rest = page.partition(BEGIN)
    _, ends, after = rest.partition(END)
    if not begins or not ends:
        raise ValueError(f"the page needs the lines {BEGIN.strip()} and {END.strip()}")
    return before + BEGIN + "\n" + tables(figures) + "\n" + END + after


def _setup(figures: Figures) -> Iterator[str]:
    plan, model, limits, rescale = (figures[name] for name in ("plan", "capacity", "limits", "rescale"))
    serial = f"a serial share of {model['serial']:.1%}{', assumed' if figures['serial_assumed'] else ''}"
    yield (
        f"{figures['seeds']} seasons of {plan['days']} days behind {plan['history_days']} of history, "
        f"{plan['base']:,.0f} events/s in the mean of ordinary days; {limits['floor']} to {limits['ceiling']} slots. "
        f"The {figures['job']} job: {model['one']:,.0f} events/s on one slot, {serial}, "
        f"through {model['points']} points with an error of {model['error']:.1%}, on at most "
        f"{model['measured_slots']} slot{'s' if model['measured_slots'] > 1 else ''}: "
        f"beyond, the curve is extrapolated. A rescale serves nothing for "
        f"{rescale['downtime_s']:.1f} s and {rescale['again_s']:.1f} s of events again."
    )
    yield ""
    yield f"Won, against the reactive policies of the table: {figures['won']} of {figures['seeds']} seasons."
    yield ""


def _policies(figures: Figures) -> Iterator[str]:
    outcomes = figures["outcomes"]
    yield "| policy, median of the seasons | late coupons | slot-hours | rescales |"
    yield "|---|---|---|---|"
    for name in next(iter(outcomes.values())):
        late, hours, rescales = (
            median(found[name][of] for found in outcomes.values()) for of in ("late_coupons", "slot_hours", "rescales")
        )
        yield f"| {name} | {late:,.0f} | {hours:,.1f} | {rescales:,.0f} |"
    yield ""


def _seeds(figures: Figures) -> Iterator[str]:
    yield f"| season | late coupons, {AHEAD} | {REFERENCE} | slot-hours, {AHEAD} | {REFERENCE} | rescales | |"
    yield "|---|---|---|---|---|---|---|"
    for seed, found in figures["outcomes"].items():
        ours, reference = found[AHEAD], found[REFERENCE]
        yield (
            f"| {seed} | {ours['late_coupons']:,} | {reference['late_coupons']:,} | {ours['slot_hours']:,.1f} "
            f"| {reference['slot_hours']:,.1f} | {ours['rescales']} | {reference['rescales']} |"
        )


def main(file: Path = KEPT) -> None:
    figures = json.loads(file.read_text(encoding="utf-8"))
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), figures), encoding="utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
