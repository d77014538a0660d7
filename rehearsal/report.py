"""Write a rehearsal as one page that needs nothing else: the verdict first, then tables, then plots."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from io import StringIO
from pathlib import Path
from string import Template
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from rehearsal import plots
from rehearsal.run import Outcome
from rehearsal.text import HEAD, needs, phase_rows

PAGE = Template((Path(__file__).parent / "report.html").read_text(encoding="utf-8"))
FULL_COLOUR, WELL_COLOUR = "#c8102e", "#4f7ca8"


def page(outcome: Outcome) -> str:
    """The whole page, its plots inlined as SVG."""
    summary = outcome.summary()
    verdict, layout, machine = summary["verdict"], summary["layout"], summary["machine"]
    phases = summary["phases"]
    return PAGE.substitute(
        headline=escape(verdict["headline"]),
        colour=FULL_COLOUR if verdict["first"] else WELL_COLOUR,
        profile=escape(", ".join(_words(phases))),
        cores=machine["cores"],
        memory=f"{machine['memory_mb']:,}",
        layout=escape(_layout(layout)),
        changes=_list(verdict["changes"], "Nothing: the peak passed."),
        needs=_list(needs(verdict["needs"]), "Not enough was measured below saturation; take longer."),
        reasons=_list(verdict["reasons"], "Nothing was full."),
        phases=_table([HEAD, *phase_rows(phases)]),
        processes=_table(list(_processes(phases))),
        checkpoints=_table(list(_checkpoints(phases))),
        plots="\n".join(f"<figure>{svg(figure)}</figure>" for figure in _figures(outcome)),
    )


def _figures(outcome: Outcome) -> Iterator[Figure]:
    run = outcome.run
    yield plots.rate_and_backlog(run, outcome.verdict.first)
    yield plots.latency(run)
    yield plots.cores(run)
    yield plots.busy(run)
    if outcome.needs.chains:
        yield plots.fits(outcome.needs)
    yield plots.memory(run)
    yield plots.checkpoint_times(run)


def svg(figure: Figure) -> str:
    """The figure without the lines that only a file of its own needs."""
    out = StringIO()
    with mpl.rc_context({"svg.fonttype": "none"}):
        figure.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue()[out.getvalue().index("<svg") :]


def _words(phases: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for one in phases:
        rate = one["events_per_s"]
        rates = f"{rate['begin']:,.0f}" + (f" to {rate['end']:,.0f}" if rate["end"] != rate["begin"] else "")
        yield f"{one['phase']} {rates} events/s for {one['seconds']:g} s"


def _layout(layout: Mapping[str, Any]) -> str:
    jobs = ", ".join(f"{job} {subtasks}" for job, subtasks in layout["parallelism"].items())
    return (
        f"{layout['partitions']} partitions, {layout['taskmanagers']} TaskManagers of "
        f"{layout['slots_per_taskmanager']} slots, parallelism: {jobs}"
    )


def _processes(phases: Sequence[Mapping[str, Any]]) -> Iterator[Sequence[str]]:
    names = sorted({name for one in phases for name in one["cores"]})
    yield ("process", *(f"{one['phase']}{unit}" for one in phases for unit in (" cores", " MB")))
    for name in names:
        cells = []
        for one in phases:
            cores, memory = one["cores"].get(name), one["memory_mb"].get(name)
            cells += [f"{cores['mean']:.2f}" if cores else "", f"{memory['most']:,.0f}" if memory else ""]
        yield (name, *cells)


def _checkpoints(phases: Iterable[Mapping[str, Any]]) -> Iterator[Sequence[str]]:
    yield ("phase", "job", "checkpoints", "median ms", "longest ms", "largest MB")
    for one in phases:
        for job, found in one["checkpoints"].items():
            times = (
                f"{found['count']}",
                f"{found['median_ms']:,.0f}",
                f"{found['most_ms']:,}",
                f"{found['most_mb']:,}",
            )
            yield (one["phase"], job, *times)


def _list(sentences: Iterable[str], nothing: str) -> str:
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return f"<ul>{items}</ul>" if items else f"<p>{escape(nothing)}</p>"


def _table(rows: Sequence[Sequence[str]]) -> str:
    head, *body = rows
    lines = ["<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in body]
    return f"<table><tr>{''.join(f'<th>{escape(cell)}</th>' for cell in head)}</tr>{''.join(lines)}</table>"


def write(outcome: Outcome, file: Path) -> None:
    """Put the page where a browser can open it."""
    file.write_text(page(outcome), encoding="utf-8")
