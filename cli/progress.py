"""Show on stderr how far long work is: a bar, or a line a step. What moves is drawn on a terminal alone."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from cli.answer import errors

# Between two looks at a bar; an event is published in a tenth of a millisecond.
REDRAW_S = 0.1


@contextmanager
def bar(what: str, total: int | None, console: Console = errors) -> Iterator[Callable[[int, str], None]]:
    """Draw how many of `total` are done, for as long as the block runs; on no terminal nothing.

    The block calls what it is given as often as it likes, with the number done and what is being done.
    A `total` of None is not known: the bar shows that something moves, and how many are done.
    """
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    shown_s = 0.0
    with _drawn(columns, console) as progress:
        task = progress.add_task(what, total=total)

        def show(done: int, doing: str = what) -> None:
            nonlocal shown_s
            if time.monotonic() - shown_s >= REDRAW_S:
                shown_s = time.monotonic()
                progress.update(task, completed=done, description=doing)

        yield show


@contextmanager
def steps(console: Console = errors) -> Iterator[Callable[[str], None]]:
    """Tell each step as a line, and on a terminal show below them a clock that runs."""
    with _drawn((SpinnerColumn(), TimeElapsedColumn()), console) as clock:
        clock.add_task("", total=None)
        yield lambda step: console.print(step, markup=False, soft_wrap=True)


def _drawn(columns: tuple[ProgressColumn, ...], console: Console) -> Progress:
    # Without a terminal rich would still end the work with an empty line.
    hidden = not console.is_terminal
    return Progress(*columns, console=console, transient=True, redirect_stdout=False, disable=hidden)
