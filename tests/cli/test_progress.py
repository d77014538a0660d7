"""Progress is for eyes: drawn on a terminal, and never in the way of a log."""

import io

import pytest
from rich.console import Console

from cli import progress


def terminal(is_one: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=is_one, width=100, highlight=False)


def drawn(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_bar_is_drawn_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "REDRAW_S", 0)
    console = terminal(True)
    with progress.bar("publishing", 40, console) as show:
        for done in range(31):
            show(done, "[burst]")
    assert "[burst]" in drawn(console)
    assert "30/40" in drawn(console)


def test_bar_of_an_unknown_length_counts_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "REDRAW_S", 0)
    console = terminal(True)
    with progress.bar("publishing", None, console) as show:
        show(7, "publishing")
    assert "7/?" in drawn(console)


def test_bar_leaves_a_log_alone() -> None:
    console = terminal(False)
    with progress.bar("publishing", 40, console) as show:
        show(40, "publishing")
    assert drawn(console) == ""


def test_steps_are_lines_above_a_clock_on_a_terminal() -> None:
    console = terminal(True)
    with progress.steps(console) as step:
        step("making [topics]")
    assert "making [topics]\n" in drawn(console)
    assert "0:00:00" in drawn(console)


def test_steps_are_lines_and_nothing_else_in_a_log() -> None:
    console = terminal(False)
    with progress.steps(console) as step:
        step("starting Pulsar")
        step("up")
    assert drawn(console) == "starting Pulsar\nup\n"
