"""Put figures into Markdown tables."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bench.spread import Spread


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """The table's lines, and an empty one."""
    names = list(head)
    yield f"| {' | '.join(names)} |"
    yield "|" + "---|" * len(names)
    for cells in rows:
        yield f"| {' | '.join(cells)} |"
    yield ""


def row(name: str, found: Spread, form: str) -> tuple[str, ...]:
    """Cells of a name and a spread's median, least and most."""
    return (name, *(form.format(found[of]) for of in ("median", "min", "max")))


def ranged(found: Spread, form: str = "{:,.0f}") -> str:
    """One cell of a spread: the median, with least and most where there was more than one run."""
    low, middle, high = (form.format(found[of]) for of in ("min", "median", "max"))
    return middle if low == high else f"{middle} ({low}–{high})"


def yes(held: bool) -> str:
    return "yes" if held else "no"


def load(part: Mapping[str, Any]) -> str:
    """Neighbours make a figure worthless, so the machine's load at the start stands beside it."""
    return f"; load average {part['load_before']:.1f} at the start"
