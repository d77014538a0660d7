"""Compact a folder and die at the nth change of it: python -m tests.warehouse.killed.

Each line of stdin, "FOLDER N", is answered with the exit code of a process of its own, forked before any threads.
Python tells an audit hook of every rename, link, deletion and opening of a file before it happens.
"""

import os
import signal
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from warehouse.compaction import compact

CHANGES = ("os.rename", "os.link", "os.remove", "os.utime", "open")


def compact_until(folder: Path, instant: int) -> None:
    seen = 0

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal seen
        if event in CHANGES and str(arguments[0]).startswith(str(folder)):
            seen += 1
            if seen == instant:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    compact(folder, ("events",), grace=timedelta(0))


def main() -> None:
    for line in sys.stdin:
        folder, instant = line.rsplit(maxsplit=1)
        child = os.fork()
        if child == 0:
            compact_until(Path(folder), int(instant))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
