"""Word a rehearsal's summary for a terminal: the verdict first, then a row a phase."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rehearsal.verdict import worded

HEAD = (
    "phase",
    "events/s",
    "p50 ms",
    "p99 ms",
    "p99.9 ms",
    "coupons",
    "unread",
    "drain s",
    "checkpoint ms",
    "cores",
    "MB",
)


def text(summary: Mapping[str, Any]) -> str:
    """Everything of the summary that an operator reads, as lines."""
    return "\n".join(_lines(summary))


def _lines(summary: Mapping[str, Any]) -> Iterator[str]:
    verdict = summary["verdict"]
    yield verdict["headline"]
    yield ""
    yield from aligned([HEAD, *phase_rows(summary["phases"])])
    yield ""
    yield from (f"why: {reason}" for reason in verdict["reasons"])
    yield from needs(verdict["needs"])
    yield from (f"change: {change}" for change in verdict["changes"])
    yield f"plots: {summary['files']['report']}"


def phase_rows(phases: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, ...]]:
    """A row a phase, and one more for each lane where there are several."""
    for one in phases:
        for lane, latency in one["latency_ms"].items():
            figures = (f"{latency[name]:,.0f}" if latency["coupons"] else "" for name in ("p50", "p99", "p999"))
            row = (*figures, f"{latency['coupons']:,}")
            if lane == "all":
                yield (one["phase"], f"{one['events_per_s']['published']:,.0f}", *row, *_of_machine(one))
            else:
                yield (f"  {lane}", "", *row, *[""] * 5)


def _of_machine(one: Mapping[str, Any]) -> tuple[str, ...]:
    checkpoint_ms = max((job["most_ms"] for job in one["checkpoints"].values()), default=None)
    return (
        f"{max(one['unread'].values(), default=0):,}",
        "never" if one["drain_s"] is None else f"{one['drain_s']:.0f}",
        "" if checkpoint_ms is None else f"{checkpoint_ms:,}",
        f"{sum(process['mean'] for process in one['cores'].values()):.2f}",
        f"{sum(process['most'] for process in one['memory_mb'].values()):,.0f}",
    )


def needs(needed: Mapping[str, Any]) -> Iterator[str]:
    """What the peak needs, with its errors."""
    for job, need in needed["jobs"].items():
        yield (
            f"{job} needs {worded(**need['slots'])} slots at {needed['peak_per_s']:,.0f} events/s: "
            f"one handles {need['events_per_s_per_slot']:,} ± {need['error']:,} ({need['chain']})"
        )
    if needed["of_cluster"]:
        slots, partitions, managers = (needed["of_cluster"][of] for of in ("slots", "partitions", "taskmanagers"))
        yield (
            f"in all {worded(**slots)} slots, {worded(**partitions)} partitions at least, "
            f"{worded(**managers)} TaskManagers like this one, "
            f"{needed['cores_in_all']['needed']} ± {needed['cores_in_all']['error']} cores"
        )


def variants(found: Sequence[Mapping[str, Any]]) -> str:
    """A row a variant: the median of each figure, and its least and most where there were several repeats."""
    names = [name for name in found[0] if name not in ("factor", "value")]
    rows = [(f"{one['factor']} {one['value']}", *(_spread(one[name]) for name in names)) for one in found]
    return "\n".join(aligned([("variant", *(name.replace("_", " ") for name in names)), *rows]))


def _spread(figure: Mapping[str, float] | None) -> str:
    if figure is None:
        return "never"
    between = f" ({figure['min']:,g}–{figure['max']:,g})" if figure["min"] != figure["max"] else ""
    return f"{figure['median']:,g}{between}"


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The first column to the left, figures to the right."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    for row in rows:
        cells = (
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()
