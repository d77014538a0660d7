"""Run the watcher of pressure (pressure/watch.py), for as long as the stack is up."""

import sys

from settings import Pressure, Stack, read
from settings.reader import ROOT
from stack.processes import Service


def service(stack: Stack) -> Service:
    return Service("watcher", stack.folder)


def services(stack: Stack) -> list[Service]:
    """The watcher where [pressure] wants one, or one that an earlier setting started."""
    ours = service(stack)
    return [ours] if read(Pressure).watched or ours.process() is not None else []


def start(stack: Stack) -> None:
    """Start it unless it runs, or is not wanted."""
    if read(Pressure).watched and service(stack).process() is None:
        service(stack).start([sys.executable, "-m", "pressure.watch"], {"PYTHONPATH": str(ROOT)})
