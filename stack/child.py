"""Run a part of what we do in a process of its own that tells us by lines, and end it whatever happens."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from errors import CannotRun
from settings.reader import ROOT

Child = subprocess.Popen[str]


@contextmanager
def process(module: str, *arguments: str, niceness: int = 0, wait: bool = True) -> Iterator[Child]:
    """A Python process of ours that has said that it is ready, unless told not to `wait`; ended with the block."""
    child = subprocess.Popen(
        ["nice", "-n", str(niceness), sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # Ctrl-C is ours to pass on.
        process_group=0,
    )
    try:
        if wait:
            ready(child)
        yield child
    finally:
        child.terminate()
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def ready(child: Child) -> None:
    """Return when it says so; raises CannotRun where it ended instead."""
    if next(lines(child), "").strip() != "ready":
        raise CannotRun(f"{child.args!r} did not start; see above")


def begin(child: Child) -> None:
    """Give the word that it waits for."""
    assert child.stdin is not None  # it is a pipe
    child.stdin.write("go\n")
    child.stdin.flush()


def told(child: Child) -> dict[str, Any]:
    """The JSON object that is its next line; raises CannotRun where it ended without a word."""
    said = next(lines(child), None)
    if said is None:
        raise CannotRun(f"{child.args!r} ended before it had done everything; see above")
    return dict(json.loads(said))


def lines(child: Child) -> Iterator[str]:
    """What it says from here on, until it ends."""
    assert child.stdout is not None  # it is a pipe
    return iter(child.stdout)
