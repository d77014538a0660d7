"""Python processes forked from one that has imported everything: most of what a start takes goes into that."""

import multiprocessing
import os
from collections.abc import Callable, Mapping
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

_servers = multiprocessing.get_context("forkserver")
# What these import in turn, and what commands import only when they run.
_servers.set_forkserver_preload(
    [
        "tests.coupons.two_rows",
        "tests.cli.running",
        "services.run",
        "jobs.submit",
        "ingest.redrive",
        "scaling.autoscaler",
        "campaigns.plan",
    ]
)


def start(
    function: Callable[..., None], arguments: tuple[Any, ...], environment: Mapping[str, str], out: Path, err: Path
) -> ForkServerProcess:
    """A process that calls the function, with its words at the ends of two files; it is the caller's to end."""
    process = _servers.Process(target=_run, args=(function, arguments, {**os.environ, **environment}, out, err))
    process.start()
    return process


def _run(
    function: Callable[..., None], arguments: tuple[Any, ...], environment: Mapping[str, str], out: Path, err: Path
) -> None:
    # The server's are those of its first start.
    os.environ.clear()
    os.environ.update(environment)
    for path, stream in ((out, 1), (err, 2)):
        with path.open("ab") as told:
            os.dup2(told.fileno(), stream)
    function(*arguments)
