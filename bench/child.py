"""Run a Python process of ours beside the measurement: it says `ready` on its first line, and ends with the block."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from errors import CannotRun
from settings.reader import ROOT

END_S = 20.0


@contextmanager
def started(module: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The process once it is ready, its input and output as text; raises CannotRun where it ends before."""
    child = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # Ctrl-C is ours to pass on.
        process_group=0,
    )
    try:
        assert child.stdout is not None  # it is a pipe
        if child.stdout.readline().strip() != "ready":
            raise CannotRun(f"{module} did not start; see above")
        yield child
    finally:
        child.terminate()
        try:
            child.wait(END_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
